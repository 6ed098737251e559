"""Reads words by the rules alone: answers the port `Reader`."""

from collections.abc import Iterable
from typing import Final

from services.dialog.callback import named_time
from services.dialog.detect import Reason
from services.dialog.lexicon.scan import scan
from services.dialog.ports import Reading
from services.dialog.states import get_initial_language_from_state
from services.dialog.turns import DecidedBy, Heard
from services.dialog.understand import understand
from voicekit.clock import utc_now
from voicekit.languages import LANGUAGES

_DENIALS: Final = ("no", "refuse", "neg", "dunno", "unpaid")
_EVERYWHERE: Final = "hi-IN"
"""Whose denials are understood, and used, in the whole country."""


def read(heard: Heard, *, language: str, last_language: str, switches: int) -> Reading:
    """Read what was heard in a call in `language`; the rest is as the port has it."""
    found = understand(
        heard.text,
        language=language,
        recogniser=heard.language or None,
        recogniser_confidence=heard.confidence or None,
        history=(last_language,) if last_language else (),
        switches=switches,
    )
    detection = found.language_evidence
    wanted = detection.language if detection.switch or detection.reason is Reason.REQUESTED else ""
    return Reading(
        intent=found.intent,
        confidence=found.confidence,
        decided_by=DecidedBy(found.decided_by),
        language=detection.spoken,
        wanted=wanted,
        explicit=detection.requested,
        unsupported=detection.unsupported is not None,
        reason=detection.reason.lower(),
        # Worth a look only where a model may be asked.
        negated=found.decided_by == "none" and _denies(heard.text, {language, detection.spoken, _EVERYWHERE}),
    )


def warm_up() -> None:
    """Compile all word lists: a second of work, so that no call pays for it."""
    for language in LANGUAGES:
        read(Heard("haan"), language=language, last_language="", switches=0)
    named_time("", LANGUAGES, utc_now())
    languages_of_state("")


def languages_of_state(state: str) -> tuple[str, str]:
    """Return the language to greet a borrower of `state` in, and the one to fall back to."""
    greeting = get_initial_language_from_state(state)
    return greeting.language, greeting.fallback


def _denies(text: str, languages: Iterable[str]) -> bool:
    return any(said.hits(label) for said in (scan(text, language) for language in languages) for label in _DENIALS)
