"""Asks a model what words mean that the rules do not understand, within a deadline, and believes it only so far."""

import asyncio
from dataclasses import dataclass
from typing import Final

import structlog

from services.dialog.intents import Intent
from services.dialog.ports import Doubt, IntentModel, Opinion
from services.dialog.turns import DecidedBy
from voicekit.errors import VoiceError
from voicekit.telemetry import meter, note_span, seconds

log = structlog.get_logger(__name__)

_asked = meter().create_counter("intent_model_answers_total", description="Answers of the intent model, by outcome.")
_took = seconds("intent_model_seconds", "How long the intent model was waited for.")

NEVER_FROM_A_MODEL: Final = frozenset({Intent.SILENCE, Intent.ANNOUNCEMENT, Intent.CHANGE_LANGUAGE})
"""What a model is not asked for: it is known without it, or needs more than a name."""

CHOICES: Final = tuple(intent for intent in Intent if intent not in NEVER_FROM_A_MODEL)
"""The closed set that a model chooses from."""

_HARMLESS: Final = frozenset({Intent.REPEAT, Intent.WAIT, Intent.WHO_IS_THIS, Intent.HELLO, Intent.GO_AHEAD})
"""What may be believed at medium confidence: it costs a repetition."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What doubtful words are taken for."""

    intent: Intent
    confidence: float
    decided_by: DecidedBy


UNDECIDED: Final = Verdict(Intent.UNCLEAR, 0.0, DecidedBy.NONE)
"""The rules' floor: ask the borrower again."""

_CONFIDENCE: Final = {"high": 0.9, "medium": 0.6}


def believe(opinion: Opinion, doubt: Doubt) -> Verdict:
    """Return what an opinion is good for; words that hold a denial never become a yes."""
    confidence = _CONFIDENCE.get(opinion.confidence, 0.0)
    believable = opinion.confidence == "high" or (opinion.confidence == "medium" and opinion.intent in _HARMLESS)
    affirms = opinion.intent in (Intent.YES, Intent.GO_AHEAD)
    if opinion.intent not in CHOICES or not believable or (affirms and doubt.negated):
        return UNDECIDED
    return Verdict(opinion.intent, confidence, DecidedBy.MODEL)


class Decider:
    """Decides about doubtful words; always answers, and always in time."""

    def __init__(self, model: IntentModel | None, *, deadline_s: float = 2.0) -> None:
        """Take the model, None to go by the rules alone, and how long it may take."""
        self._model = model
        self._deadline_s = deadline_s

    async def decide(self, doubt: Doubt) -> Verdict:
        """Return what the words are taken for; `UNDECIDED` when nobody can tell in time."""
        if self._model is None:
            return UNDECIDED
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self._deadline_s):
                verdict = believe(await self._model.opinion(doubt), doubt)
            outcome = "believed" if verdict.decided_by is DecidedBy.MODEL else "not_believed"
        except TimeoutError:
            verdict, outcome = UNDECIDED, "late"
        except VoiceError as error:
            verdict, outcome = UNDECIDED, type(error).__name__
        except Exception:
            # A mistake in the adapter must not end a call that the rules can lead.
            log.exception("The intent model's adapter failed.")
            verdict, outcome = UNDECIDED, "mistake"
        _asked.add(1, {"outcome": outcome})
        took_s = asyncio.get_running_loop().time() - began
        _took.record(took_s)
        note_span("dialog.model", took_s, outcome=outcome)
        return verdict
