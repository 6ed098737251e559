"""Reads where a borrower lives, and which language they want."""

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from rapidfuzz import fuzz, process

from services.customers import data
from services.customers.cells import Warn, clean, is_blank
from services.customers.findings import BadCell
from voicekit.languages import NAMES
from voicekit.yaml_text import parse

_SURE: Final = 87.0
_AHEAD: Final = 10.0
_OWN_NAMES: Final = {
    "hi-IN": ("हिन्दी", "हिंदी"), "ta-IN": ("தமிழ்",), "te-IN": ("తెలుగు",), "ml-IN": ("മലയാളം",),
    "gu-IN": ("ગુજરાતી",), "mr-IN": ("मराठी",), "bn-IN": ("বাংলা", "Bangla"), "kn-IN": ("ಕನ್ನಡ",),
    "pa-IN": ("ਪੰਜਾਬੀ",), "or-IN": ("ଓଡ଼ିଆ", "Oriya", "od", "od-IN"),
}  # fmt: skip


def read_state(text: str, warn: Warn) -> str:
    """Return a state's usual name, an unknown state as it was written; warn where it must be guessed."""
    state = _written(text)
    if is_blank(state):
        warn("STATE_MISSING", "The state is missing; the call begins in the default language.")
        return ""
    key = _key(state)
    if key == "ut":
        raise BadCell("STATE_AMBIGUOUS", "UT may be any union territory: write the name.")
    name = state_name(state)
    if key == "ch":
        warn("STATE_AMBIGUOUS", "Read as Chandigarh; write CG for Chhattisgarh.")
    elif key not in _states():
        warn(*_guess(name))
    return name


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
    """Return a state's usual name, for whichever spelling or a slip of one; an unknown state as it was written."""
    state = _written(text)
    return _states().get(_key(state)) or _nearly(_key(state)) or state


def _written(text: str) -> str:
    return "".join(filter(str.isprintable, clean(text)))[:100]


def _guess(name: str) -> tuple[str, str]:
    """Return the warning for a spelling that no table knows, and that was read as `name`."""
    if name in _states().values():
        return "STATE_FUZZY", f"Read as {name}."
    return "STATE_UNKNOWN", "This is no state that we know; the call begins in the default language."


def _nearly(key: str) -> str:
    """Return the one state that is spelled nearly so; empty when there is none, or another is as near."""
    states = _states()
    best: dict[str, float] = {}
    for spelling, score, _ in process.extract(key, states.keys(), scorer=fuzz.ratio, limit=20):
        best.setdefault(states[spelling], score)
    (name, first), (_, second) = [*best.items(), ("", 0.0), ("", 0.0)][:2]
    return name if first >= _SURE and first - second >= _AHEAD else ""


@cache
def _states() -> dict[str, str]:
    """Return every spelling of every state, without spaces and punctuation, with the state's name."""
    rows = parse(files(data).joinpath("states.yaml").read_text("utf-8"))
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
