"""The way out: what is sent, what is followed, what is refused, and what people read when it fails."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import ValidationError

from monitor.clock import SimulatedClock, SystemClock
from monitor.collectors.base import SourceError
from monitor.collectors.http import Budget, HttpError, HttpSession, Limits, Network, Validators
from monitor.collectors.urls import BlockedUrlError
from monitor.config import Config
from tests.fakes.platform_server import FakePlatform, cut_body, endless_body, slow_body, status

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
SECRET = "abcdefgh+12345/xyz="
Answerer = Callable[[httpx.Request], httpx.Response]


@dataclass
class Scripted(FakePlatform):
    """Answers by a function."""

    script: Answerer = lambda request: httpx.Response(200, json={"ok": True})

    def answer(self, request: httpx.Request) -> httpx.Response:
        return self.script(request)


def platform(answer: Answerer | None = None) -> Scripted:
    clock = SimulatedClock(NOW)
    return Scripted(clock) if answer is None else Scripted(clock, script=answer)


def session(
    fake: FakePlatform, *, non_get: tuple[str, ...] = (), budget: Budget | None = None, **hosts: list[str]
) -> HttpSession:
    def resolver(host: str) -> list[str]:
        return hosts.get(host.replace(".", "_"), ["93.184.215.14"])

    network = Network(fake.clock, transport=fake.transport(), resolver=resolver)
    return network.session(non_get=non_get, secrets=[SECRET], budget=budget)


def redirect(to: str, code: int = 302) -> httpx.Response:
    return httpx.Response(code, headers={"location": to})


def test_it_says_who_it_is() -> None:
    """The User-Agent names the program and how to reach its operator."""
    fake = platform()
    Network(fake.clock, transport=fake.transport(), contact="kundservice@example.org").session().get(
        "https://a.example"
    )
    assert fake.requests[0].headers["user-agent"].startswith("crisis-monitor/")
    assert "kundservice@example.org" in fake.requests[0].headers["user-agent"]


@pytest.mark.parametrize("contact", ["monitor@nordtag.example", "https://nordtag.example/kontakt", ""])
def test_whom_to_write_to_can_be_set_and_changed(contact: str) -> None:
    """In the config; a reload introduces us anew."""
    network = Network(SimulatedClock(NOW))
    network.introduce(Config(contact=contact).contact)
    assert network.session().user_agent.endswith(f" ({contact or 'self-hosted; ask its operator'})")


@pytest.mark.parametrize("contact", ["kundtjänst@x.se", "a\r\nX-Evil: 1", "x) Mozilla/5.0 (", "x" * 300])
def test_what_no_header_can_hold_is_no_contact(contact: str) -> None:
    """A config with it does not load."""
    with pytest.raises(ValidationError):
        Config(contact=contact)


def test_parameters_join_those_of_the_address() -> None:
    """What the operator wrote into the address stays."""
    fake = platform()
    session(fake).get("https://a.example/x?key=1", params={"page": 2})
    assert str(fake.requests[0].url) == "https://a.example/x?key=1&page=2"


def test_only_declared_calls_besides_get_are_made() -> None:
    """A POST that the collector did not declare never leaves."""
    fake = platform()
    http = session(fake, non_get=("POST /oauth/*",))
    assert http.post("https://a.example/oauth/token", form={"a": "b"}).json() == {"ok": True}
    with pytest.raises(SourceError, match="not on this collector's list"):
        http.post("https://a.example/statuses", json={"status": "hej"})
    assert [request.url.path for request in fake.requests] == ["/oauth/token"]


def test_posts_carry_json_or_a_form() -> None:
    """The content type fits the body."""
    fake = platform()
    http = session(fake, non_get=("POST /*",))
    http.post("https://a.example/x", json={"q": "å"})
    http.post("https://a.example/x", form={"q": "å"})
    sent = [(request.headers["content-type"], request.content) for request in fake.requests]
    assert sent == [
        ("application/json", '{"q":"å"}'.encode()),
        ("application/x-www-form-urlencoded", b"q=%C3%A5"),
    ]


def test_redirects_are_followed_five_times_at_most() -> None:
    """A server that sends us round is left."""
    fake = platform(lambda request: redirect(f"/{int(request.url.path[1:] or 0) + 1}"))
    with pytest.raises(SourceError, match="round in circles"):
        session(fake).get("https://a.example/0")
    assert len(fake.requests) == 6


@pytest.mark.parametrize(
    "target", ["http://a.example/", "file:///etc/passwd", "ftp://a.example/", "//", "http://["]
)
def test_unsafe_redirects_are_refused(target: str) -> None:
    """Never from https to http, never to another kind of address."""
    fake = platform(lambda request: redirect(target))
    with pytest.raises(SourceError, match=r"not safe|circles"):
        session(fake).get("https://a.example/")
    assert all(request.url.scheme == "https" for request in fake.requests)


def test_credentials_never_go_to_another_host() -> None:
    """A redirect to another host is followed without what proves who we are."""
    fake = platform(
        lambda r: (
            redirect("https://b.example/x") if r.headers["host"] == "a.example" else httpx.Response(200, json=1)
        )
    )
    session(fake).get(
        "https://a.example/", headers={"X-Api-Key": "1", "Accept": "text/x"}, credentials={"Authorization": SECRET}
    )
    assert fake.requests[0].headers["authorization"] == SECRET
    assert fake.requests[1].headers["host"] == "b.example"
    assert "authorization" not in fake.requests[1].headers
    assert "x-api-key" not in fake.requests[1].headers
    assert fake.requests[1].headers["accept"] == "text/x"


def test_credentials_stay_on_their_host() -> None:
    """Within one host a redirect keeps them, also on the way from http to https."""
    fake = platform(
        lambda r: redirect("https://a.example/y") if r.url.scheme == "http" else httpx.Response(200, json=1)
    )
    session(fake).get("http://a.example/x", credentials={"Authorization": SECRET})
    assert [request.headers["authorization"] for request in fake.requests] == [SECRET, SECRET]


def test_cookies_are_not_kept() -> None:
    """A source is one account by its token, not by what a server put into a jar."""
    fake = platform(lambda r: httpx.Response(200, json=1, headers={"set-cookie": "session=1"}))
    http = session(fake)
    http.get("https://a.example/")
    http.get("https://a.example/")
    assert "cookie" not in fake.requests[1].headers


def test_what_moved_for_good_is_told() -> None:
    """301 and 308 all along the way give the new address; a 302 in between does not."""
    ways = {"/a": redirect("/b", 301), "/b": redirect("/c", 308), "/d": redirect("/a", 302)}
    fake = platform(lambda r: ways.get(r.url.path, httpx.Response(200, json=1)))
    assert session(fake).get("https://a.example/a").moved_to == "https://a.example/c"
    assert session(fake).get("https://a.example/d").moved_to is None
    assert session(fake).get("https://a.example/c").moved_to is None


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "::ffff:127.0.0.1"]
)
def test_private_addresses_are_not_called_for_content(address: str) -> None:
    """A link in a post does not lead into the operator's network; an address from the config may."""
    fake = platform()
    http = session(fake, evil_example=[address])
    with pytest.raises(BlockedUrlError):
        http.get("https://evil.example/", from_content=True)
    assert fake.requests == []
    http.get("https://evil.example/")
    assert len(fake.requests) == 1


def test_redirects_to_private_addresses_are_refused() -> None:
    """Neither does a redirect to another host."""
    fake = platform(lambda request: redirect("https://evil.example/"))
    with pytest.raises(BlockedUrlError):
        session(fake, evil_example=["93.184.215.14", "192.168.0.1"]).get("https://a.example/")


def test_a_judged_name_is_called_at_the_judged_address() -> None:
    """The name is looked up once: the call goes to that address, under the name (for TLS, too)."""
    fake = platform()
    answer = session(fake).get("https://a.example:8443/x", from_content=True)
    request = fake.requests[0]
    assert request.url.host == "93.184.215.14"
    assert request.headers["host"] == "a.example:8443"
    assert request.extensions["sni_hostname"] == "a.example"
    assert answer.url == "https://a.example:8443/x"


@pytest.mark.parametrize("fault", [slow_body, endless_body, cut_body])
def test_bodies_that_hurt_are_dropped(fault: Callable[..., httpx.Response]) -> None:
    """Too slow, too long, cut off: an error that names the host and what to do."""
    fake = platform(lambda r: httpx.Response(200, text="x" * 100))
    fake.fail(fault)
    with pytest.raises(SourceError, match=r"^a\.example ") as caught:
        session(fake).get("https://a.example/")
    assert caught.value.remedy


def test_size_limits_hold_for_what_unpacks(tmp_path: object) -> None:
    """A small compressed body that unpacks to much is refused."""
    import gzip

    packed = gzip.compress(b"0" * 20_000_000, mtime=0)
    fake = platform(lambda r: httpx.Response(200, content=packed, headers={"content-encoding": "gzip"}))
    with pytest.raises(SourceError, match="more than 10 MB"):
        session(fake).get("https://a.example/")
    assert len(session(fake).get("https://a.example/", max_bytes=21_000_000).body) == 20_000_000


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        ("<!DOCTYPE html><p>hej", "text/html", "web page"),
        ("\ufeff <HTML>", "application/json", "web page"),
        ('{"a": [1, 2', "application/json", "cut off"),
        ("", "application/json", "nothing at all"),
        ("[" * 100_000, "application/json", "cut off"),
    ],
)
def test_what_is_not_json_is_named(body: str, kind: str, said: str) -> None:
    """200 is no promise."""
    fake = platform(lambda r: httpx.Response(200, content=body.encode(), headers={"content-type": kind}))
    with pytest.raises(HttpError, match=said):
        session(fake).get("https://a.example/").json()


@pytest.mark.parametrize(
    ("code", "permanent"),
    [
        (400, True),
        (401, True),
        (403, True),
        (404, True),
        (410, True),
        (429, False),
        (500, False),
        (503, False),
        (599, False),
    ],
)
def test_errors_say_what_and_what_to_do(code: int, permanent: bool) -> None:
    """Every error status becomes a sentence, a remedy, and whether waiting helps."""
    fake = platform(lambda r: httpx.Response(code, json={"error": {"message": f"no\n{SECRET}"}}))
    with pytest.raises(HttpError) as caught:
        session(fake).get("https://a.example/")
    error = caught.value
    assert str(error).startswith("a.example ")
    assert str(code) in str(error)
    assert str(error).endswith('"no [secret]".')
    assert (error.status, error.permanent) == (code, permanent)
    assert error.remedy


def test_statuses_that_a_collector_understands_are_answers() -> None:
    """`also_ok` hands them over."""
    assert session(platform(lambda r: httpx.Response(404))).get("https://a.example/", also_ok=(404,)).status == 404


@pytest.mark.parametrize(
    ("exc", "said"),
    [
        (httpx.ConnectError("[Errno -2] Name or service not known"), "cannot be reached"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] expired"), "certificate"),
        (httpx.ReadTimeout("timed out"), "in time"),
        (httpx.ProxyError("407 Proxy Authentication Required"), "proxy"),
        (httpx.RemoteProtocolError("peer closed"), "broke off"),
        (httpx.DecodingError("bad gzip"), "decompressed"),
        (OSError("no route"), "broke off"),
    ],
)
def test_no_answer_is_a_sentence_too(exc: Exception, said: str) -> None:
    """Whatever the network does, the operator reads which host and why."""

    def fault(request: httpx.Request) -> httpx.Response:
        raise exc

    with pytest.raises(SourceError, match=f"^a.example .*{said}") as caught:
        session(platform(fault)).get("https://a.example/")
    assert str(caught.value).endswith(".")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "url", ["nonsense", "https://", "ftp://a.example/", "http://[::1", "https://a.example:99999/"]
)
def test_what_is_no_address_is_said(url: str) -> None:
    """A wrong address is a permanent error, not a crash."""
    network = Network(SimulatedClock(NOW))
    with pytest.raises(SourceError) as caught:
        network.session().get(url)
    assert caught.value.permanent or "reached" in str(caught.value)


@pytest.mark.parametrize("token", ["två ord å", "a\nb", "abc\x00"])
def test_tokens_that_cannot_be_sent_are_not_shown(token: str) -> None:
    """A token copied with a line end is refused without repeating it."""
    fake = platform()
    with pytest.raises(SourceError, match="holds a character") as caught:
        session(fake).get("https://a.example/", credentials={"Authorization": f"Bearer {token}"})
    assert token not in str(caught.value)
    assert fake.requests == []


def test_secrets_are_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    """Not in errors for keys in addresses, not in what the platform echoes, not in any log."""
    fake = platform(lambda r: httpx.Response(418, text=f"bad key {r.url.params['key']} for {r.url}"))
    http = session(fake)
    with caplog.at_level(logging.DEBUG), pytest.raises(HttpError) as caught:
        http.get("https://a.example/x", params={"key": SECRET})
    told = f"{caught.value} {caught.value.body} {caplog.text}"
    assert SECRET not in told
    assert "abcdefgh" not in told


def test_tokens_that_come_while_running_can_be_hidden() -> None:
    """A login's token is a secret from then on."""
    http = session(platform(lambda r: httpx.Response(400, text="expired: eyJhbGci.new.token")))
    http.hide("eyJhbGci.new.token")
    with pytest.raises(HttpError) as caught:
        http.get("https://a.example/")
    assert "eyJhbGci" not in str(caught.value)


def test_conditional_get_sends_back_what_it_was_given() -> None:
    """ETag and Last-Modified verbatim, and nothing that was not given."""
    fake = platform(lambda r: httpx.Response(200, headers={"etag": 'W/"1"', "last-modified": "someday"}))
    answer = session(fake).get("https://a.example/")
    assert Validators.of(answer).headers() == {"If-None-Match": 'W/"1"', "If-Modified-Since": "someday"}
    assert Validators().headers() == {}


def test_no_call_is_made_when_the_platform_said_that_nothing_is_left() -> None:
    """The last answer said 0 left until a time: until then no call goes out, and then it does."""
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "120", "x-ratelimit-limit": "300"}
    fake = platform(lambda r: httpx.Response(200, json=1, headers=headers))
    http = session(fake)
    http.get("https://a.example/")
    assert http.spare() == 0
    with pytest.raises(SourceError, match="no more calls") as caught:
        http.get("https://a.example/")
    assert (caught.value.pause, caught.value.retry_after) == (True, timedelta(seconds=120))
    http.get("https://other.example/")
    fake.clock.advance(timedelta(seconds=121))
    http.get("https://a.example/")
    assert len(fake.requests) == 3


def test_sources_with_one_account_share_their_limits() -> None:
    """Two sources with the same token count together; another account does not."""
    fake = platform()
    network = Network(fake.clock, transport=fake.transport())
    budget = Budget(4, timedelta(minutes=1))
    one, same = (network.session(secrets=["tokentoken"], budget=budget) for _ in range(2))
    other = network.session(secrets=["anothertoken"], budget=budget)
    one.get("https://a.example/")
    with pytest.raises(SourceError):
        same.get("https://a.example/")
    other.get("https://a.example/")


def test_a_real_server_over_loopback() -> None:
    """Sockets, keep-alive, a broken connection and a refused one, with the real client."""
    fake = platform()
    http = Network(SystemClock()).session(secrets=[SECRET])
    with fake.serve() as base:
        assert http.get(base, credentials={"Authorization": SECRET}).json() == {"ok": True}
        fake.fail(cut_body)
        with pytest.raises(SourceError, match="broke off"):
            http.get(base)
        fake.fail(status(503, headers={"retry-after": "7"}))
        with pytest.raises(HttpError) as caught:
            http.get(base)
        assert caught.value.retry_after == timedelta(seconds=7)
        with pytest.raises(BlockedUrlError):
            http.get(base, from_content=True)
    http.close()
    with pytest.raises(SourceError, match="cannot be reached"):
        http.get(base)
    http.close()


def test_tls_is_always_verified() -> None:
    """The client checks names and certificates, and there is no setting that would change it."""
    client = Network(SystemClock()).client()
    pool = client._transport._pool  # type: ignore[attr-defined]  # httpx does not show it
    assert pool._ssl_context.verify_mode is ssl.CERT_REQUIRED
    assert pool._ssl_context.check_hostname
    client.close()


def test_proxies_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTPS_PROXY is used, NO_PROXY is kept out of it, and a private target is refused all the same."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "direct.example")
    network = Network(SystemClock(), limits=Limits(connect_seconds=2), resolver=lambda host: ["10.0.0.1"])
    assert network.is_proxied(httpx.URL("https://a.example/"))
    assert not network.is_proxied(httpx.URL("https://direct.example/"))
    http = network.session()
    with pytest.raises(SourceError, match="cannot be reached"):
        http.get("https://a.example/")
    with pytest.raises(BlockedUrlError):
        http.get("https://a.example/", from_content=True)
    http.close()
