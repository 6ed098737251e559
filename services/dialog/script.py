"""The words of one call: prompts filled with its borrower's values, in whatever language is spoken."""

from dataclasses import replace
from datetime import date
from typing import Final

from services.dialog.scenes import Part, Saying
from services.dialog.spoken.names import speakable_company
from services.dialog.templates import Line, Prompt, Values, render, values_for
from services.dialog.turns import Brief
from voicekit.errors import InvalidInput

SAYABLE_PAISE: Final = 100 * 10_000_000 * 100
"""A hundred crore rupees: no instalment, and no number that we can say."""


class Script:
    """Says prompts for one borrower."""

    def __init__(self, brief: Brief, today: date) -> None:
        """Take the brief of a call and the day it is in India."""
        self._brief = brief
        self._today = today
        self._values: dict[str, Values] = {}

    def lines(self, language: str, *sayings: Saying, callback: str = "") -> tuple[Line, ...]:
        """Return the sentences of `sayings`, in order; `InvalidInput` names the value that cannot be spoken.

        `callback` is when we call again, in words of `language`; empty where that is not known.
        """
        return tuple(line for saying in sayings for line in self._part(language, saying, callback))

    def _part(self, language: str, saying: Saying, callback: str) -> tuple[Line, ...]:
        prompt, values = saying.prompt, self._values_in(language)
        if prompt is Prompt.GREETING and self._brief.inbound:
            prompt = Prompt.RING_BACK_GREETING
        if prompt is Prompt.CALLBACK_CONFIRM and callback:
            prompt, values = Prompt.CALLBACK_AT, replace(values, callback_spoken=callback)
        lines = render(prompt, language, values)
        match saying.part:
            case Part.NOTICE:
                return lines[:-1]
            case Part.QUESTION:
                return lines[-1:]
            case Part.WHOLE:
                return lines

    def _values_in(self, language: str) -> Values:
        if language not in self._values:
            self._values[language] = self._make_values(language)
        return self._values[language]

    def _make_values(self, language: str) -> Values:
        brief = self._brief
        if not brief.knows_whom:
            return Values(lender_name=speakable_company(brief.lender_name))
        if not 0 < brief.amount_paise < SAYABLE_PAISE:
            raise InvalidInput("must be above 0 and under a hundred crore rupees", "amount_paise")
        return values_for(
            language,
            customer_name=brief.customer_name,
            lender_name=brief.lender_name,
            loan_id=brief.loan_id,
            amount_paise=brief.amount_paise,
            due_date=_date(brief.due_date),
            today=self._today,
        )


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("must be a date, yyyy-mm-dd", "due_date") from None
