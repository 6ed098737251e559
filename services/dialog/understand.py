"""Understands one reply: its language and its meaning. `python -m services.dialog.understand --help` tries it out."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.dialog.detect import Detection, Opinion, Past, Reason, detect, stand_in
from services.dialog.intents import Intent
from services.dialog.lexicon import Reading, decide
from services.dialog.lexicon.rules import DecidedBy
from services.dialog.text import utterance


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a borrower's reply means."""

    text: str
    """As the recogniser wrote it."""
    language: str
    """The language in which the call should go on: changed only where `language_evidence.switch` says so."""
    intent: Intent
    confidence: float
    """0 to 1, for the intent: a firm yes with nothing unknown beside it has 0.95 or more, mere consent less."""
    decided_by: DecidedBy
    """`none`: the rules cannot tell; only then is a model worth asking."""
    requested_language: str | None
    """The supported language that was asked for by name, if one was."""
    language_evidence: Detection
    words: tuple[str, ...] = field(default=())
    """The words that decided the intent, folded."""


def understand(
    text: str,
    *,
    language: str,
    recogniser: str | None = None,
    recogniser_confidence: float | None = None,
    history: Sequence[str] = (),
    switches: int = 0,
) -> Understanding:
    """Understand `text`, said in a call in `language`. The other arguments are those of `detect_language`."""
    said = utterance(text)
    opinion = Opinion(stand_in(recogniser, language), recogniser_confidence)
    detection = detect(said, language, opinion, Past(history, switches))
    heard = language if detection.reason is Reason.REQUESTED else detection.language
    reading = decide(said, language=language, heard=heard, asks_for_language=detection.requested)
    return _join(text, language, detection, reading)


def _join(text: str, language: str, detection: Detection, reading: Reading) -> Understanding:
    return Understanding(
        text=text,
        language=detection.language if detection.switch else language,
        intent=reading.intent,
        confidence=reading.confidence,
        decided_by=reading.decided_by,
        requested_language=detection.requested_language,
        language_evidence=detection,
        words=reading.words,
    )


if __name__ == "__main__":
    from services.dialog.trial import main

    sys.exit(main())
