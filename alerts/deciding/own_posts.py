"""Posts by our own accounts: the first one confirms publicly (practice P22), and some promise something (P30)."""

from __future__ import annotations

from datetime import timedelta

from alerts.actions import OwnPost
from alerts.deciding.draft import Draft
from alerts.deciding.levels import add_deadline
from alerts.deciding.telling import edit_card, reply
from alerts.deciding.words import confirm_public
from alerts.incident import Incident, IncidentState, Obligation, ObligationKind, Reason
from alerts.leading import leading_theme
from alerts.obligations import active, changed_where, meet_kinds, met
from alerts.promises import promise_in
from detectors.signal import Level, ScopeKind

SAME_BREATH = timedelta(minutes=10)
"""What follows a promise sooner (the next post of a series) does not keep it yet; half of a shorter promise."""


def concerns(post: OwnPost, incident: Incident, *, alone: bool) -> bool:
    """Is the post about this incident: in one of its threads, on a theme of its story, or, when nothing tells,
    a post of its own while this is the brand's only incident above watch (`alone`)?

    What is only mentioned beside the story (a theme without a signal) does not count: a word about the coffee
    confirms nothing about double charges.
    """
    if incident.brand != post.brand or incident.state is IncidentState.CLOSED:
        return False
    if post.thread is not None and post.thread in _threads(incident):
        return True
    if post.themes:
        return bool(_themes_of_its_story(incident).intersection(post.themes))
    return post.thread is None and alone and incident.level > Level.WATCH


def _threads(incident: Incident) -> set[str]:
    return {s.name for s in incident.scopes if s.kind is ScopeKind.THREAD}


def _themes_of_its_story(incident: Incident) -> set[str]:
    """The leading theme and those with a signal of their own; all that are named when there is neither."""
    told = {s.name for s in incident.scopes if s.kind is ScopeKind.THEME} | {leading_theme(incident)} - {""}
    return told or set(incident.themes)


def apply_own_post(draft: Draft, post: OwnPost) -> None:
    """Meet what the post meets, and take down what it promises."""
    first = draft.incident.first_own_post_at is None
    confirm_public(draft, "own_account", post.url)
    if post.thread is None or post.thread in _threads(draft.incident):  # an answer to one customer is no update
        done = meet_kinds(draft.incident, (ObligationKind.NEXT_PUBLIC_UPDATE,), draft.now, "own_account")
        draft.change(obligations=done)
    _answer_thread(draft, post)
    kept = _keep_promises(draft, post)
    _take_down_promise(draft, post)
    draft.write("own_post", actor="own_account", url=post.url, first=int(first))
    if first and draft.incident.level > Level.WATCH:
        reply(draft, Reason.UPDATE, {"own_post": 1, "url": post.url})
    if first or kept:
        edit_card(draft)


def _answer_thread(draft: Draft, post: OwnPost) -> None:
    """A word of ours in a thread answers it."""
    if post.thread is None:
        return
    done = changed_where(
        draft.incident.obligations,
        lambda o: o.kind is ObligationKind.ANSWER_THREAD and o.where == post.thread,
        lambda o: met(o, draft.now, "own_account"),
    )
    draft.change(obligations=done, answered=draft.incident.answered | {post.thread})


def _keep_promises(draft: Draft, post: OwnPost) -> bool:
    """Meet the promises that the post follows up; tells whether there were any."""
    kept = [o for o in active(draft.incident, ObligationKind.PROMISE) if _follows_up(post, o)]
    done = changed_where(draft.incident.obligations, kept.__contains__, lambda o: met(o, draft.now, "own_account"))
    draft.change(obligations=done)
    for promise in kept:
        draft.write("promise_kept", actor="own_account", text=promise.note, url=post.url)
    return bool(kept)


def _follows_up(post: OwnPost, promise: Obligation) -> bool:
    """Is the post a word that was promised: where the promise was made or to all, and not the same breath?"""
    pause = min(SAME_BREATH, (promise.due_at - promise.created_at) / 2)
    return post.thread in (None, promise.where) and post.at >= promise.created_at + pause


def _take_down_promise(draft: Draft, post: OwnPost) -> None:
    found = promise_in(post.text, post.at, draft.mandate.timezone, draft.mandate.timing.promise_within)
    if found is None:
        return
    due, made = max(found.due_at, draft.now), min(post.at, draft.now)
    add_deadline(draft, ObligationKind.PROMISE, due, "", found.text, where=post.thread or "", made_at=made)
    draft.write("promised", actor="own_account", text=found.text, until=found.due_at.isoformat(), url=post.url)
