"""What a card is made of: the records between the incident and the renderers, and the plan that fills them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from alerts.actions import ActionKind
from alerts.safe_text import quote
from detectors.signal import Level


@dataclass(frozen=True, slots=True)
class NextStep:
    """A step of the chain that is still to come: when, who is called, through what.

    `kind` is step (the next ones are called), repeat (the same ones again), nobody (nobody can be reached then)
    or end (nobody more).
    """

    at: datetime
    who: tuple[str, ...]
    through: str = ""
    kind: str = "step"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the mandate says of one incident, in names that people know.

    `owner` owns the matter, `in_charge` is whom it was handed to, `final_message` who has the last word in
    public; `may` is what the people addressed may do themselves; `confirm_at_once` whether customer service may
    confirm before asking inside (None: not said); `call_manager_when` and `extra_staff` are the plan's own words;
    `names` gives the names of person ids, `themes` what themes are called in the reader's language.
    """

    owner: str = ""
    in_charge: str = ""
    final_message: str = ""
    departments: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    next_steps: tuple[NextStep, ...] = ()
    confirm_at_once: bool | None = None
    holding_statement: str = ""
    own_page: str = ""
    call_manager_when: str = ""
    extra_staff: str = ""
    pings: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    themes: Mapping[str, str] = field(default_factory=dict)

    def name_of(self, who: str) -> str:
        """The name of a person id, or the id itself."""
        return self.names.get(who) or who


@dataclass(frozen=True, slots=True)
class Line:
    """One labelled line of a card."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class CardQuote:
    """A post as it is shown: cleaned and shortened text, what is known of it, an address that may be linked."""

    text: str
    about: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class CardAction:
    """One thing to press: what it does, what is written on it, and the scope it means ("" for the incident)."""

    kind: ActionKind
    label: str
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One alert, channel-neutral, in the reader's language. `summary` is the one line for a locked phone.

    `opening` says why this is sent now; `notes` are said first (late, may be repeated, sent another way);
    `buttons` are the two visible actions, `menu` the rest. `number` is None for the daemon's own messages.
    """

    title: str
    language: str
    number: int | None = None
    level: Level = Level.CALM
    version: int = 0
    mark: str = ""
    opening: str = ""
    lead: str = ""
    notes: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    quotes_label: str = ""
    quotes: tuple[CardQuote, ...] = ()
    link_label: str = ""
    buttons: tuple[CardAction, ...] = ()
    menu_label: str = ""
    menu: tuple[CardAction, ...] = ()
    footer: str = ""

    @property
    def summary(self) -> str:
        """One line: mark, title and why it is sent (or what happens)."""
        said = self.opening or self.lead
        return " ".join(part for part in (self.mark, f"{self.title}." if said else self.title, said) if part)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is true of this one delivery: how late it is, whether it may be a repeat, which channel it replaces.

    `blind` names the brand's sources that are not heard now.
    """

    late_since: datetime | None = None
    may_be_repeated: bool = False
    instead_of: str = ""
    trouble: str = ""
    blind: tuple[str, ...] = ()
    silenced_until: datetime | None = None
    notes: tuple[str, ...] = ()


def called(theme: str, labels: Mapping[str, str], most: int = 80) -> str:
    """Return what readers call a theme: its label, else its name in the config; cleaned, at most `most` long."""
    return quote(labels.get(theme) or theme, most)
