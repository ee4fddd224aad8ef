"""Logging in to Google's APIs as a service account: a signed request is exchanged for a token of an hour."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.collectors.base import SourceError
from monitor.collectors.http import HttpSession

LOGIN = "/token"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_EARLIER = timedelta(minutes=5)  # a token is renewed this long before its end
_LIFETIME = timedelta(hours=1)
_REMEDY = "Create a key of the kind JSON for the service account, and give the whole of it or its file's path."


class ServiceAccount:
    """One account's tokens for one scope. Raises SourceError from `bearer` where its key is of no use."""

    def __init__(self, key: str, login_url: str, scope: str, http: HttpSession) -> None:
        self._key = key
        self._login_url = login_url
        self._scope = scope
        self._http = http
        self._token: str | None = None
        self._until: datetime | None = None

    def bearer(self) -> dict[str, str]:
        """The header that proves who we are; logs in where there is no token that still holds."""
        if self._token is None or self._until is None or self._http.now() >= self._until:
            self._log_in(self._http.now())
        return {"Authorization": f"Bearer {self._token}"}

    def forget(self) -> None:
        """Log in anew before the next call: the token was refused."""
        self._token = None

    def _log_in(self, now: datetime) -> None:
        account = _account_in(self._key)
        self._http.hide(account["private_key"])
        url = f"{self._login_url}{LOGIN}"
        form = {"grant_type": _GRANT, "assertion": signed(account, self._scope, url, now)}
        answer = self._http.post(url, form=form)
        found = answer.json()
        token = found.get("access_token") if isinstance(found, Mapping) else None
        if not isinstance(token, str) or not token:
            raise answer.error("did not give a token.", remedy=_REMEDY, permanent=True)
        self._http.hide(token)
        seconds = found.get("expires_in")
        lifetime = timedelta(seconds=seconds) if isinstance(seconds, int) and seconds > 0 else _LIFETIME
        self._token, self._until = token, now + max(lifetime - _EARLIER, timedelta(minutes=1))


def signed(account: Mapping[str, str], scope: str, audience: str, now: datetime) -> str:
    """A JSON Web Token (RS256) by which the account asks for `scope`. Raises SourceError."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    issued = int(now.timestamp())
    header = {"alg": "RS256", "typ": "JWT", "kid": account.get("private_key_id", "")}
    claims = {"iss": account["client_email"], "scope": scope, "aud": audience}
    claims_timed: dict[str, Any] = {**claims, "iat": issued, "exp": issued + int(_LIFETIME.total_seconds())}
    message = f"{_encoded(header)}.{_encoded(claims_timed)}"
    try:
        key = load_pem_private_key(account["private_key"].encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise _unusable("its private key cannot be read")
    signature = key.sign(message.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{message}.{_base64(signature)}"


def read_key(text: str, file: Path | None) -> str:
    """The account's key as JSON, from the config or from its file. Raises SourceError."""
    if file is None:
        return text
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        pass
    raise _unusable(f"the file {file} cannot be read")


def _account_in(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, Mapping) or not all(
        isinstance(found.get(name), str) for name in ("client_email", "private_key")
    ):
        raise _unusable("it is no JSON with client_email and private_key")
    return {str(name): value for name, value in found.items() if isinstance(value, str)}


def _unusable(why: str) -> SourceError:
    """What is wrong, without a word of the key."""
    return SourceError(f"The service account's key is of no use: {why}.", remedy=_REMEDY, permanent=True)


def _encoded(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
