"""What Meta's error codes mean, in words for the operator.

The Graph API answers nearly everything with 400 or 403 and says in `error.code` and `error.error_subcode` what is
wrong, limits included (there is no 429).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from monitor.collectors.answers import Answer, HttpError, error_of_status
from monitor.collectors.meta_usage import time_to_regain
from monitor.collectors.redaction import one_line

LIMIT_WAIT = timedelta(minutes=10)
"""When a limit on the last hour does not say when it lets us in again."""

_GONE_SUBCODES = (33,)
_RENEW = "Make a new long-lived token and set it in the config or the environment."


class GraphError(HttpError):
    """An error that Meta names by `code` and `subcode` (0 where it names none)."""

    code: int = 0
    subcode: int = 0

    @property
    def gone(self) -> bool:
        """Whether the thing that was asked for is not there (any more)."""
        return (self.code == 100 and self.subcode in _GONE_SUBCODES) or self.code == 803

    @property
    def concerns_all(self) -> bool:
        """Whether every other call with this token would fail, too: the token itself, or a limit."""
        return self.status in (401, 429)

    @property
    def is_trouble(self) -> bool:
        """Whether Meta has trouble of its own, which passes."""
        return self.status == 500

    @property
    def asks_for_less(self) -> bool:
        """Whether the same call with a smaller `limit` may work: posts with many reactions are dear to Meta."""
        return self.code == 1 and "reduce the amount of data" in str(self)

    @property
    def retired(self) -> bool:
        """Whether this version of the API has it no more."""
        return self.code == 12


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What happened, what to do, and how a walk should take it (`status`, see `walks.py`)."""

    problem: str
    remedy: str
    status: int
    permanent: bool = True


_LIMITED = _Meaning(
    "has been asked too often for now",
    "Nothing to do now. If this repeats, ask less often (`every`): other tools of yours share the limit.",
    429,
    permanent=False,
)
_TOKEN = _Meaning("does not accept the token any more", _RENEW, 401)
_PERMISSION = _Meaning(
    "does not permit this",
    "Grant the token the permissions that the page of this source names (docs/sources); "
    "for what others wrote the app needs Meta's review.",
    403,
)
_TROUBLE = _Meaning("is in trouble itself", "Nothing to do; it is tried again.", 500, permanent=False)
_MISSING = _Meaning("has no such thing, or does not show it to this token", "Check the ids in the config.", 400)

_BY_CODE: dict[int, _Meaning] = {
    1: _TROUBLE,
    2: _TROUBLE,
    3: _PERMISSION,
    4: _LIMITED,
    10: _PERMISSION,
    12: _Meaning("has retired this", "Look for a newer version of this program.", 410),
    17: _LIMITED,
    32: _LIMITED,
    100: _MISSING,
    102: _TOKEN,
    190: _TOKEN,
    341: _LIMITED,
    368: _Meaning(
        "has blocked the app for a while because of its rules",
        "See the app's messages at developers.facebook.com.",
        403,
    ),
    613: _LIMITED,
    803: _MISSING,
}
_TOKEN_SUBCODES: dict[int, tuple[str, str]] = {
    458: ("says that the app is no longer connected to the account", f"Connect it again. {_RENEW}"),
    459: ("wants the person behind the token to log in", f"Log in to Facebook and follow what it asks. {_RENEW}"),
    460: ("revoked the token when the person behind it changed the password", _RENEW),
    463: ("says that the token has expired", _RENEW),
    464: ("wants the person behind the token to confirm the account", f"Confirm it there. {_RENEW}"),
    467: ("says that the token was revoked", _RENEW),
    492: ("says that the person behind the token has lost the role on the page", f"Give it back. {_RENEW}"),
}
_PROOF = _Meaning(
    "wants every call proved by the app's secret, or the secret is wrong",
    "Set `app_secret` to the secret of the app that the token was made for.",
    403,
)


def error_in(data: object) -> Mapping[str, Any] | None:
    """The error object of an answer's JSON, if there is one."""
    error = data.get("error") if isinstance(data, Mapping) else None
    return error if isinstance(error, Mapping) and isinstance(error.get("code"), int) else None


def graph_error(answer: Answer, error: Mapping[str, Any]) -> GraphError:
    """Meta's error as a sentence with a remedy."""
    code, subcode = _whole(error.get("code")), _whole(error.get("error_subcode"))
    words = one_line(str(error.get("message") or ""), 300)
    meaning = _meaning(code, subcode, words)
    said = f' and says "{words}"' if words else ""
    made = GraphError(
        answer.redact(f"{answer.host} {meaning.problem} (code {code}){said}."),
        remedy=meaning.remedy,
        permanent=meaning.permanent,
        retry_after=(time_to_regain(answer.headers) or LIMIT_WAIT) if meaning is _LIMITED else None,
    )
    made.status, made.code, made.subcode = meaning.status, code, subcode
    return made


def any_error(answer: Answer, data: object) -> HttpError:
    """Meta's own error where there is one, else the sentence for the status."""
    error = error_in(data)
    return graph_error(answer, error) if error is not None else error_of_status(answer, None)


def _meaning(code: int, subcode: int, words: str) -> _Meaning:
    if "appsecret_proof" in words:
        return _PROOF
    if 200 <= code <= 299:
        return _PERMISSION
    if 80000 <= code <= 80099:  # limits by use case: 80001 pages, 80002 Instagram
        return _LIMITED
    if code == 100 and subcode not in _GONE_SUBCODES and "permission" in words:
        return _PERMISSION
    meaning = _BY_CODE.get(code, _Meaning("refuses the call", "Check the source's options.", 400))
    if meaning is _TOKEN and subcode in _TOKEN_SUBCODES:
        problem, remedy = _TOKEN_SUBCODES[subcode]
        return _Meaning(problem, remedy, meaning.status)
    return meaning


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
