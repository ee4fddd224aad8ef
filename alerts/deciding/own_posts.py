"""Posts by our own accounts: the first one confirms publicly (practice P22), and some promise something (P30)."""

from __future__ import annotations

from alerts.actions import OwnPost
from alerts.deciding.draft import Draft
from alerts.deciding.levels import add_deadline
from alerts.deciding.telling import edit_card
from alerts.deciding.words import confirm_public
from alerts.incident import Incident, IncidentState, ObligationKind
from alerts.leading import leading_theme
from alerts.obligations import active, meet_kinds
from alerts.promises import promise_in
from detectors.signal import Level, ScopeKind


def concerns(post: OwnPost, incident: Incident, *, alone: bool) -> bool:
    """Is the post about this incident: in one of its threads, on a theme of its story, or, when nothing tells,
    a post of its own while this is the brand's only incident above watch (`alone`)?

    What is only mentioned beside the story (a theme without a signal) does not count: a word about the coffee
    confirms nothing about double charges.
    """
    if incident.brand != post.brand or incident.state is IncidentState.CLOSED:
        return False
    threads = {s.name for s in incident.scopes if s.kind is ScopeKind.THREAD}
    if post.thread is not None and post.thread in threads:
        return True
    if post.themes:
        return bool(_themes_of_its_story(incident).intersection(post.themes))
    return post.thread is None and alone and incident.level > Level.WATCH


def _themes_of_its_story(incident: Incident) -> set[str]:
    """The leading theme and those with a signal of their own; all that are named when there is neither."""
    told = {s.name for s in incident.scopes if s.kind is ScopeKind.THEME} | {leading_theme(incident)} - {""}
    return told or set(incident.themes)


def apply_own_post(draft: Draft, post: OwnPost) -> None:
    """Meet what the post meets, and take down what it promises."""
    first = draft.incident.first_own_post_at is None
    confirm_public(draft, "own_account", post.url)
    public = active(draft.incident, ObligationKind.NEXT_PUBLIC_UPDATE)
    if public:
        done = meet_kinds(draft.incident, (ObligationKind.NEXT_PUBLIC_UPDATE,), draft.now, "own_account")
        draft.change(obligations=done)
    kept = promise_in(post.text, post.at, draft.mandate.timezone, draft.mandate.timing.promise_within)
    if kept is not None:
        add_deadline(draft, ObligationKind.PROMISE, max(kept.due_at, draft.now), "", kept.text)
        draft.write("promised", actor="own_account", text=kept.text, until=kept.due_at.isoformat(), url=post.url)
    draft.write("own_post", actor="own_account", url=post.url, first=int(first))
    if first:
        edit_card(draft)
