"""How the language of a call is found out: two ways, as data. All else is the same in both.

The simple flow is that of older integrations. The script of the first reply settles the language for the whole call,
and the call goes on from that reply: the greeting is not replayed. Who asks for another language by name is answered
as by one who does not speak it: a person is offered.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from services.dialog.ports import Reader, Reading
from services.dialog.text import script_of, tokens
from services.dialog.turns import Flow, Heard

_DEVANAGARI: Final = ("hi-IN", "mr-IN")


@dataclass(frozen=True, slots=True)
class LanguageRules:
    """What a flow does about language."""

    reader: Callable[[Reader, str], Reader]
    """Makes the reader of a call out of the one of all calls and the language of the borrower's state."""
    replays: bool
    """True when the greeting is said again in a language just found out."""


def by_script(read: Reader, home: str) -> Reader:
    """Return a reader that takes the language from the script of the first reply, and from nothing after it."""

    def by_first_script(heard: Heard, *, language: str, last_language: str, switches: int) -> Reading:
        reading = read(heard, language=language, last_language=last_language, switches=switches)
        settled = language if last_language else language_of_script(heard.text, language, home)
        foreign = reading.explicit and (reading.unsupported or reading.wanted != settled)
        return replace(
            reading, language=settled, wanted=settled, explicit=foreign, unsupported=foreign, reason="script"
        )

    return by_first_script


def language_of_script(text: str, current: str, home: str) -> str:
    """Return the language in whose script most words are; `current` when no word tells.

    Latin letters count only where there are no others. Of the two that share a script, the language of the call goes
    first, then `home`, that of the borrower's state.
    """
    scripts = Counter(script for word in tokens(text) if (script := script_of(word)))
    native = Counter({script: count for script, count in scripts.items() if script != "en-IN"})
    if not scripts:
        return current
    ((script, _),) = (native or scripts).most_common(1)
    if script in _DEVANAGARI:
        return next((code for code in (current, home) if code in _DEVANAGARI), script)
    return script


FLOWS: Final[Mapping[Flow, LanguageRules]] = {
    Flow.FULL: LanguageRules(lambda read, _: read, replays=True),
    Flow.SIMPLE: LanguageRules(by_script, replays=False),
}
