"""What the scorer says of one text."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple

Label = Literal["negative", "neutral", "positive"]
HostileKind = Literal["threat", "insult", "harassment"]

LANGUAGES = ("sv", "nb", "nn", "da", "fi", "en")
"""Languages that are told apart. Bokmål and Nynorsk share their words and numbers, see `family`."""

LABELS: tuple[Label, Label, Label] = ("negative", "neutral", "positive")


class Score(NamedTuple):
    """One text judged.

    `compound` is −1 (all negative) to 1 (all positive); `p_negative` is the calibrated probability (0..1) that a
    reader would call the text negative; `hostile` tells a threat, an insult or harassment from mere anger.
    """

    compound: float
    label: Label
    p_negative: float
    language: str
    hostile: bool = False
    hostile_kind: HostileKind | None = None
    is_question: bool = False


_FAMILIES = {"no": "no", "nb": "no", "nn": "no", "sv": "sv", "da": "da", "fi": "fi", "en": "en"}


@lru_cache(maxsize=1024)
def family(language: str | None) -> str | None:
    """The language whose tables are used: `no`, `nb` and `nn` share one Norwegian; None for an unknown language.

    Region tags are cut: `sv-SE` and `en_GB` are `sv` and `en`.
    """
    base = (language or "").replace("_", "-").split("-")[0].lower()
    return _FAMILIES.get(base)
