"""Reads where a borrower lives, and which language they want."""

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import yaml
from rapidfuzz import fuzz, process

from services.customers import data
from services.customers.cells import Warn, clean, is_blank
from services.customers.findings import BadCell
from voicekit.languages import NAMES

_SURE: Final = 87.0
_AHEAD: Final = 10.0
_OWN_NAMES: Final = {
    "hi-IN": ("हिन्दी", "हिंदी"), "ta-IN": ("தமிழ்",), "te-IN": ("తెలుగు",), "ml-IN": ("മലയാളം",),
    "gu-IN": ("ગુજરાતી",), "mr-IN": ("मराठी",), "bn-IN": ("বাংলা", "Bangla"), "kn-IN": ("ಕನ್ನಡ",),
    "pa-IN": ("ਪੰਜਾਬੀ",), "or-IN": ("ଓଡ଼ିଆ", "Oriya", "od", "od-IN"),
}  # fmt: skip


def read_state(text: str, warn: Warn) -> str:
    """Return a state as it was written, and warn where it must be guessed; who speaks finds its language."""
    state = "".join(filter(str.isprintable, clean(text)))[:100]
    if is_blank(state):
        warn("STATE_MISSING", "The state is missing; the call begins in the default language.")
        return ""
    key = _key(state)
    if key == "ut":
        raise BadCell("STATE_AMBIGUOUS", "UT may be any union territory: write the name.")
    if key == "ch":
        warn("STATE_AMBIGUOUS", "Read as Chandigarh; write CG for Chhattisgarh.")
    elif key not in _states():
        warn(*_guess(key))
    return state


def read_language(text: str, warn: Warn) -> str:
    """Return one of the eleven codes for a code or a name, English or its own; empty, with a warning, for others."""
    value = clean(text)
    if is_blank(value):
        return ""
    code = _languages().get(value.replace("_", "-").casefold(), "")
    if not code:
        warn("LANGUAGE_UNKNOWN", "This is none of the eleven languages; the state decides.")
    return code


@lru_cache(maxsize=1000)  # asked for each of 100000 borrowers of a few states
def state_name(text: str) -> str:
    """Return a state's usual name, for whichever spelling; the text itself when no table knows it."""
    return _states().get(_key(text), text)


def _guess(key: str) -> tuple[str, str]:
    """Return the warning for a state that no table knows."""
    best = process.extract(key, _states().keys(), scorer=fuzz.ratio, limit=20)
    states = _states()
    names: dict[str, float] = {}
    for spelling, score, _ in best:
        names.setdefault(states[spelling], score)
    ranked = [*names.items(), ("", 0.0)]
    (name, first), (_, second) = ranked[0], ranked[1] if len(ranked) > 1 else ("", 0.0)
    if first >= _SURE and first - second >= _AHEAD:
        return "STATE_FUZZY", f"Read as {name}."
    return "STATE_UNKNOWN", "This is no state that we know; the call begins in the default language."


@cache
def _states() -> dict[str, str]:
    """Return every spelling of every state, without spaces and punctuation, with the state's name."""
    rows = yaml.safe_load(files(data).joinpath("states.yaml").read_text("utf-8"))
    return {
        _key(clean(spelling)): row["name"] for row in rows for spelling in (row["name"], *row["codes"], *row["aliases"])
    }


@cache
def _languages() -> dict[str, str]:
    known = {}
    for code, name in NAMES.items():
        for word in (code, code.removesuffix("-IN"), name, *_OWN_NAMES.get(code, ())):
            known[clean(word).casefold()] = code
    return known


def _key(state: str) -> str:
    return re.sub(r"[^\w\u0900-\u0dff]|_", "", state.casefold())
