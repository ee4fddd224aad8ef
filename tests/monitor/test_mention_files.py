"""Mentions files, whatever wrote them: a bad line costs itself and nothing else."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.mention import Mention, MentionKind, Refusal
from monitor.mention_columns import plain_number, separator_of
from monitor.mention_files import ends_open, read_mentions

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
AT = "2026-11-20T08:00:00Z"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "mentions"


def read(tmp_path: Path, content: str | bytes, name: str = "mentions.csv") -> list[Mention | Refusal]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_mentions(path, now=NOW))


def texts(found: list[Mention | Refusal]) -> list[str]:
    return [item.text for item in found if isinstance(item, Mention)]


def refused(found: list[Mention | Refusal]) -> list[str]:
    return [item.where for item in found if isinstance(item, Refusal)]


def test_every_column_is_read(tmp_path: Path) -> None:
    header = (
        "id,created_at,text,brand,author,url,source,kind,thread_id,parent_id,"
        "author_followers,likes,replies,shares,language,first_seen_at"
    )
    line = f"1,{AT},hej,Nordtåg,anna,https://x.example,forum,review,t,p,9,1,2,3,sv,2026-11-20T09:00:00+00:00"
    [found] = read(tmp_path, f"{header}\n{line}\n")
    assert isinstance(found, Mention)
    assert (found.global_id, found.text, found.brands, found.author) == ("1", "hej", ("Nordtåg",), "anna")
    assert (found.source, found.kind, found.thread_id, found.parent_id) == ("forum", MentionKind.REVIEW, "t", "p")
    assert (found.followers, found.likes, found.replies, found.shares) == (9, 1, 2, 3)
    assert found.first_seen_at == datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_a_line_without_source_has_the_files(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(f"id,created_at,text\n1,{AT},a\n")
    [found] = read_mentions(path, platform="forum", source="drop", now=NOW)
    assert isinstance(found, Mention)
    assert (found.platform, found.source) == ("forum", "drop")


@pytest.mark.parametrize(
    "content",
    [
        f"\ufeffid,created_at,text\n1,{AT},försenat åäö\n".encode(),
        f"id;created_at;text\n1;{AT};försenat åäö\n".encode(),
        f"id\tcreated_at\ttext\n1\t{AT}\tförsenat åäö\n".encode(),
        f"id|created_at|text\r\n1|{AT}|försenat åäö\r\n".encode(),
        f"ID; Created-At ; Text \n1;{AT};försenat åäö\n".encode(),
        f"tweet_id;datum;meddelande\n1;{AT};försenat åäö\n".encode(),
        f"id;created_at;text\r1;{AT};försenat åäö\r".encode("windows-1252"),
        f'"id","created_at","text"\n"1","{AT}","försenat åäö"\n'.encode(),
        f"id,created_at,text\n1,{AT},försenat åäö\n".encode("windows-1252"),
        f"id,created_at,text\n1,{AT},försenat åäö\n".encode("utf-16"),
        b"\xfe\xff" + f"id,created_at,text\n1,{AT},försenat åäö\n".encode("utf-16-be"),
        f"\n\nid,created_at,text\n\n1,{AT},försenat åäö\n\n".encode(),
        f'{{"id": "1", "created_at": "{AT}", "text": "försenat åäö"}}\n'.encode(),
        f'\ufeff{{"id": 1, "created_at": "{AT}", "text": "försenat åäö"}}'.encode(),
        f'[{{"id": "1", "created_at": "{AT}", "message": "försenat åäö"}}]'.encode(),
    ],
)
def test_whatever_program_wrote_the_file(tmp_path: Path, content: bytes) -> None:
    found = read(tmp_path, content)
    assert (texts(found), refused(found)) == (["försenat åäö"], [])


def test_utf8_and_windows_1252_lines_can_stand_in_one_file(tmp_path: Path) -> None:
    content = f"id,created_at,text\n1,{AT},åska\n".encode() + f"2,{AT},åska\n".encode("windows-1252")
    assert texts(read(tmp_path, content)) == ["åska", "åska"]


def test_quoted_line_breaks_and_quotes_are_part_of_the_text(tmp_path: Path) -> None:
    found = read(tmp_path, f'id,created_at,text\n1,{AT},"one\ntwo ""x"", three"\n2,{AT},four\n')
    assert texts(found) == ['one\ntwo "x", three', "four"]


def test_a_quote_in_the_middle_of_a_field_is_a_letter(tmp_path: Path) -> None:
    assert texts(read(tmp_path, f'id,created_at,text\n1,{AT},a 5" screen\n2,{AT},b\n')) == ['a 5" screen', "b"]


def test_a_quote_that_is_never_closed_costs_its_line_only(tmp_path: Path) -> None:
    lines = "".join(f"{n},{AT},text {n}\n" for n in range(3, 60))
    found = read(tmp_path, f'id,created_at,text\n1,{AT},a\n2,{AT},"never closed\n{lines}')
    assert refused(found) == ["line 3"]
    assert len(texts(found)) == 58


def test_a_never_closed_quote_does_not_swallow_a_later_quoted_line(tmp_path: Path) -> None:
    found = read(tmp_path, f'id,created_at,text\n1,{AT},"open\n2,{AT},b\n3,{AT},c\n')
    assert (texts(found), refused(found)) == (["b", "c"], ["line 2"])


BAD_LINES = {
    "no id": f",{AT},text",
    "no text": f"2,{AT},",
    "no date": "2,,text",
    "date in words": "2,yesterday,text",
    "date of 1970": "2,1970-01-01T00:00:00Z,text",
    "date of 2099": "2,2099-01-01T00:00:00Z,text",
    "too few fields": "2",
    "too many fields": f"2,{AT},a,text,without,quotes",
    "NUL": f"2,{AT},te\0xt",
    "text of 10 MB": f"2,{AT},{'x' * 10_000_000}",
}


@pytest.mark.parametrize("line", BAD_LINES.values(), ids=BAD_LINES.keys())
def test_a_bad_csv_line_is_reported_with_its_number_and_skipped(tmp_path: Path, line: str) -> None:
    found = read(tmp_path, f"id,created_at,text\n1,{AT},first\n{line}\n3,{AT},last\n")
    assert texts(found) == ["first", "last"]
    assert refused(found) == ["line 3"]


BAD_JSON = {
    "cut": '{"id": "2", "created_at": "2026-',
    "not an object": "[1, 2]",
    "a word": "null",
    "a web page": "<html><body>502 Bad Gateway</body></html>",
    "id is an object": f'{{"id": {{"a": 1}}, "created_at": "{AT}", "text": "x"}}',
    "text is a list": f'{{"id": "2", "created_at": "{AT}", "text": ["x"]}}',
    "text is null": f'{{"id": "2", "created_at": "{AT}", "text": null}}',
    "date is a list": '{"id": "2", "created_at": [2026], "text": "x"}',
    "lone surrogate": f'{{"id": "2", "created_at": "{AT}", "text": "half \\ud83d"}}',
    "NUL": f'{{"id": "2", "created_at": "{AT}", "text": "a\\u0000b"}}',
    "10 MB": json.dumps({"id": "2", "created_at": AT, "text": "x" * 10_000_000}),
    "bottomless": "[" * 100_000,
}


@pytest.mark.parametrize("line", BAD_JSON.values(), ids=BAD_JSON.keys())
def test_a_bad_json_line_is_reported_with_its_number_and_skipped(tmp_path: Path, line: str) -> None:
    good = json.dumps({"id": "1", "created_at": AT, "text": "good"})
    found = read(tmp_path, f"{good}\n{line}\n{good}\n", "mentions.ndjson")
    assert texts(found) == ["good", "good"]
    assert refused(found) == ["line 2"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<!doctype html><html>Bad gateway</html>", "web page"),
        ("a,b,c\n1,2,3\n", "no column id"),
        ("id,created_at\n1,2\n", "no column text"),
        ('[{"id": 1', "cannot be read"),
    ],
)
def test_a_file_that_is_none_is_refused_once_with_a_reason(tmp_path: Path, content: str, said: str) -> None:
    [found] = read(tmp_path, content)
    assert isinstance(found, Refusal)
    assert said in found.why


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"\xef\xbb\xbf", b"id,created_at,text\n", b"\x00\x01\xff\xfe" * 50]
)
def test_empty_and_binary_files_do_not_raise(tmp_path: Path, content: bytes) -> None:
    assert texts(read(tmp_path, content)) == []


def test_a_file_that_is_not_there_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(read_mentions(tmp_path / "none.csv"))


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1 234", "1234"),
        ("1.234", "1234"),
        ("1,234,567", "1234567"),
        ("2,5", "2.5"),
        ("7", "7"),
        ("1\u00a0234", "1234"),
    ],
)
def test_numbers_as_spreadsheets_write_them(written: str, number: str) -> None:
    assert plain_number(written) == number


def test_decimal_commas_are_counts_in_a_semicolon_file(tmp_path: Path) -> None:
    [found] = read(tmp_path, f"id;created_at;text;likes;views\n1;{AT};a;2,0;1.234\n")
    assert isinstance(found, Mention)
    assert (found.likes, found.views) == (2, 1234)


def test_an_alias_does_not_replace_the_column_itself(tmp_path: Path) -> None:
    [found] = read(tmp_path, f"id,tweet_id,created_at,date,text,content\n1,2,{AT},1999-01-01,a,b\n")
    assert isinstance(found, Mention)
    assert (found.global_id, found.text) == ("1", "a")


def test_the_separator_is_the_sign_that_cuts_out_most_known_columns() -> None:
    assert separator_of("id;created_at;text, or what it says") == ";"
    assert separator_of("nothing known") == ","


@given(st.lists(st.text(alphabet='ab",;\n', max_size=12), min_size=1, max_size=4), st.sampled_from(",;"))
def test_what_the_csv_module_writes_is_never_left_open(fields: list[str], separator: str) -> None:
    """Line by line, `ends_open` says "open" exactly until the record is whole."""
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\n").writerow(fields)
    lines = out.getvalue().splitlines(keepends=True)
    inside = False
    for line in lines[:-1]:
        inside = ends_open(line, separator, inside=inside)
        assert inside
    assert not ends_open(lines[-1], separator, inside=inside)


@given(
    st.lists(
        st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40),
        max_size=5,
    )
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_text_that_is_written_is_read_back_or_refused(tmp_path: Path, written: list[str]) -> None:
    path = tmp_path / "m.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "created_at", "text"])
        writer.writerows([number, AT, text] for number, text in enumerate(written))
    assert len(list(read_mentions(path, now=NOW))) == len(written)


@given(st.binary(max_size=300))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_content_at_all_raises(tmp_path: Path, content: bytes) -> None:
    for head in (b"", b"id,created_at,text\n", b"{"):
        assert all(isinstance(item, Mention | Refusal) for item in read(tmp_path, head + content))


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not here")
@pytest.mark.parametrize(("name", "lines"), [("airline_2015_us_airways", 2913), ("airline_2015_jetblue", 2222)])
def test_recorded_files_are_read_whole(name: str, lines: int) -> None:
    found = list(read_mentions(SHARED / f"{name}.csv", now=NOW))
    assert (len(found), refused(found)) == (lines, [])
