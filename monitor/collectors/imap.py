"""A mailbox over IMAP: complaints, the press, alerts by mail. It is read without marking anything as read.

Cursor a folder: `validity` and `uid` (what was read last), `since` (from when to search after the server has
numbered its mails anew), `ids` (Message-IDs of the latest mails, each with a fingerprint: some senders use one
twice).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, SourceError, SourceOptions
from monitor.collectors.http import HttpSession
from monitor.collectors.imap_message import Labels, fingerprint, is_automatic, mention_of, message_id, read_message
from monitor.collectors.imap_server import Mailbox, Raw, connect, problems_told
from monitor.collectors.targets import State, read_targets
from monitor.collectors.urls import WebAddress
from monitor.durations import Duration
from monitor.mention import Mention, Refusal

MAILS_A_BATCH = 20
BATCHES_A_POLL = 25
_KEPT_IDS = 300
_OVERLAP = timedelta(days=1)  # searching by date goes by whole days, in the server's time zone


class OAuth(BaseModel):
    """How to get access tokens, for mailboxes that take no password (Microsoft 365, Gmail)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token_url: WebAddress = Field(description="where a refresh token becomes an access token")
    client_id: str = Field(description="the registered application")
    client_secret: SecretStr | None = Field(None, description="its secret, if it has one")
    refresh_token: SecretStr = Field(description="the mailbox owner's refresh token")


class ImapOptions(SourceOptions):
    """A mailbox and its folders."""

    type: Literal["imap"] = "imap"
    host: str = Field(min_length=1, description="the mail server")
    port: int = Field(993, ge=1, le=65535, description="its port")
    starttls: bool = Field(
        False, description="begin without TLS and switch (port 143); there is no reading without"
    )
    user: str = Field(min_length=1, description="the mailbox's login name")
    password: SecretStr | None = Field(None, description="its password, or an app password")
    oauth: OAuth | None = Field(None, description="instead of a password: how to get access tokens")
    folders: tuple[str, ...] = Field(("INBOX",), min_length=1, description="the folders to read")
    every: Duration = Field(timedelta(minutes=1), ge=timedelta(seconds=10), description="how often it is asked")
    look_back: Duration = Field(timedelta(days=1), description="how far back the first poll goes")

    @model_validator(mode="after")
    def _one_login(self) -> ImapOptions:
        if (self.password is None) == (self.oauth is None):
            raise ValueError("either `password` or `oauth`")
        return self

    def default_name(self) -> str:
        """`imap` and the mailbox."""
        return f"imap {self.user}"


class ImapCollector(BaseCollector):
    """Reads each folder upward by UID."""

    type_name = "imap"
    Options = ImapOptions
    verified = True
    non_get = ("POST /token", "POST /*/oauth2/v2.0/token")

    def __init__(self, options: ImapOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options
        self.connect: Callable[..., object] = connect
        self._labels = Labels(self.source, options.language)

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """New mails of every folder. Raises SourceError."""
        with self._mailbox() as mailbox:
            yield from read_targets(
                cursor,
                self.options.folders,
                context,
                lambda folder, state: self._read_folder(mailbox, folder, state, context),
            )

    def check(self) -> str:
        """Whether the login works and the folders are there. Raises SourceError."""
        with self._mailbox() as mailbox:
            for folder in self.options.folders:
                mailbox.open(folder)
        return f"{self.options.host} lets {len(self.options.folders)} folder(s) of the mailbox be read."

    @contextmanager
    def _mailbox(self) -> Iterator[Mailbox]:
        options = self.options
        with problems_told(options.host, self.http.redact):
            server = self.connect(options.host, options.port, starttls=options.starttls)
        mailbox = Mailbox(server, options.host, self.http.redact)  # type: ignore[arg-type]  # or a test's
        try:
            if options.password is not None:
                mailbox.log_in(options.user, options.password.get_secret_value())
            else:
                mailbox.log_in_by_token(options.user, self._access_token())
            yield mailbox
        finally:
            mailbox.close()

    def _access_token(self) -> str:
        oauth = self.options.oauth
        if oauth is None:
            raise SourceError("The mailbox needs a login.", remedy="Set `password` or `oauth`.", permanent=True)
        form = {
            "grant_type": "refresh_token",
            "client_id": oauth.client_id,
            "refresh_token": oauth.refresh_token.get_secret_value(),
        }
        if oauth.client_secret is not None:
            form["client_secret"] = oauth.client_secret.get_secret_value()
        answer = self.http.post(oauth.token_url, form=form)
        token = answer.json().get("access_token")
        if not isinstance(token, str) or not token:
            raise answer.error(
                "gave no access token.", remedy="Let the mailbox's owner consent anew.", permanent=True
            )
        self.http.hide(token)
        return token

    def _read_folder(
        self, mailbox: Mailbox, folder: str, state: State, context: CollectContext
    ) -> Iterator[Batch]:
        validity = mailbox.open(folder)
        state = dict(state)
        uids = self._new_uids(mailbox, validity, state, context.now)
        for start in range(0, min(len(uids), MAILS_A_BATCH * BATCHES_A_POLL), MAILS_A_BATCH):
            if context.stopping():
                return
            wanted = uids[start : start + MAILS_A_BATCH]
            batch = self._read(mailbox.fetch(wanted), folder, state)
            state |= {"validity": validity, "uid": wanted[-1]}
            yield Batch(batch.mentions, refusals=batch.refusals, cursor=dict(state))
        if len(uids) <= MAILS_A_BATCH * BATCHES_A_POLL:
            state |= {"validity": validity, "since": context.now.isoformat()}
            state.setdefault("uid", 0)
            yield Batch(cursor=dict(state))

    def _new_uids(self, mailbox: Mailbox, validity: int, state: State, now: datetime) -> list[int]:
        uid = state.get("uid")
        if state.get("validity") == validity and isinstance(uid, int):
            return mailbox.above(uid)
        try:
            since = datetime.fromisoformat(state["since"]) - _OVERLAP
        except (KeyError, TypeError, ValueError):
            since = now - self.options.look_back
        state.pop("uid", None)
        return mailbox.since(since)

    def _read(self, raws: list[Raw], folder: str, state: State) -> Batch:
        mentions: list[Mention] = []
        refusals: list[Refusal] = []
        kept = state.get("ids")
        ids: dict[str, str] = dict(kept) if isinstance(kept, dict) else {}
        for raw in raws:
            try:
                made = self._mention(raw, ids)
                mentions += [made] if made is not None else []
            except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as exc:
                refusals.append(Refusal(f"{folder} mail {raw.uid}", f"cannot be understood: {str(exc)[:100]}"))
        state["ids"] = dict(list(ids.items())[-_KEPT_IDS:])
        return Batch(tuple(mentions), refusals=tuple(refusals))

    def _mention(self, raw: Raw, ids: dict[str, str]) -> Mention | None:
        """A mail as a Mention, None for a machine's; remembers its id."""
        mail = read_message(raw.content)
        if is_automatic(mail):
            return None
        if mail.get("From") is None:
            raise ValueError("a mail without a sender")
        if raw.received_at is None:
            raise ValueError("a mail without the time of its arrival")
        found, marks = message_id(mail), fingerprint(mail)
        if ids.setdefault(found, marks) != marks:  # a web form that sends all its mails under one id
            found = f"{found}#{marks}"
        return mention_of(mail, raw.received_at, found, self._labels)
