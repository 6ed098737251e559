"""Reads the labelled replies: the reference phrase lists, and those written apart from them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.dialog import data

CORPUS = Path(__file__).parent / "corpus"
MEANINGS = {
    "yes": {"YES", "GO_AHEAD"},
    "no": {"NO"},
    "agent": {"AGENT"},
    "repeat": {"REPEAT"},
    "wait": {"WAIT"},
    "who": {"WHO_IS_THIS"},
    "wrong": {"WRONG_NUMBER"},
    "later": {"CALL_LATER"},
    "paid": {"ALREADY_PAID"},
    "lang": {"CHANGE_LANGUAGE"},
    "dispute": {"DISPUTE"},
    "hardship": {"HARDSHIP"},
    "optout": {"OPT_OUT"},
}


@dataclass(frozen=True)
class Labelled:
    """A reply and what it must be understood as."""

    language: str
    text: str
    intents: frozenset[str]
    language_after: str


def listed() -> Iterator[tuple[str, Labelled]]:
    """Yield every phrase of the reference lists with the name of its list."""
    for language, lists in data.load("phrases")["phrases"].items():
        for name, kinds in lists.items():
            for form in (form for forms in kinds.values() for form in forms):
                yield name, Labelled(language, form, frozenset(MEANINGS[name]), language)


def replies(language: str) -> list[Labelled]:
    """Read one language's replies: `meaning/meaning | text | language afterwards`."""
    lines = (CORPUS / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    cut = [[part.strip() for part in line.split(" | ")] for line in lines if line and not line.startswith("#")]
    return [
        Labelled(language, text, frozenset(meanings.split("/")), after[0] if after else language)
        for meanings, text, *after in cut
    ]
