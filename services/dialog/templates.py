"""Every sentence that the assistant can say, filled with a call's own values."""

from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Final

from services.dialog.spoken.dates import spoken_date
from services.dialog.spoken.digits import digits
from services.dialog.spoken.money import rupees
from services.dialog.spoken.names import speakable_company, speakable_name
from services.dialog.template_file import Sentence, load_templates
from voicekit.errors import InvalidInput
from voicekit.languages import check_language


class Prompt(StrEnum):
    """What there is to say; its wording in eleven languages stands in `data/templates.yaml`."""

    GREETING = "GREETING"
    EMI_DETAILS_PART1 = "EMI_DETAILS_PART1"
    EMI_DETAILS_PART2 = "EMI_DETAILS_PART2"
    AGENT_CONNECT = "AGENT_CONNECT"
    GOODBYE = "GOODBYE"
    TRANSFERRING = "TRANSFERRING"
    REPROMPT = "REPROMPT"
    NO_INPUT_GOODBYE = "NO_INPUT_GOODBYE"
    CALLBACK_CONFIRM = "CALLBACK_CONFIRM"
    CALLBACK_AT = "CALLBACK_AT"
    LANGUAGE_SWITCHED = "LANGUAGE_SWITCHED"
    WHO_IS_THIS = "WHO_IS_THIS"
    WRONG_PARTY = "WRONG_PARTY"
    ALREADY_PAID = "ALREADY_PAID"
    DISPUTE = "DISPUTE"
    OPT_OUT = "OPT_OUT"
    IDENTITY_AGAIN = "IDENTITY_AGAIN"
    THIRD_PARTY = "THIRD_PARTY"
    HOLD = "HOLD"
    FILLER = "FILLER"
    TECHNICAL_GOODBYE = "TECHNICAL_GOODBYE"
    AGENT_UNAVAILABLE = "AGENT_UNAVAILABLE"
    RING_BACK_GREETING = "RING_BACK_GREETING"
    UNKNOWN_CALLER = "UNKNOWN_CALLER"
    CONDOLENCE = "CONDOLENCE"
    RECORDING_OBJECTION = "RECORDING_OBJECTION"
    STILL_THERE = "STILL_THERE"
    LANGUAGE_UNSUPPORTED = "LANGUAGE_UNSUPPORTED"
    HARDSHIP = "HARDSHIP"


@dataclass(frozen=True)
class Values:
    """What a call puts into the templates, as it is spoken in the language of the call. None: not known."""

    customer_name: str | None = None
    lender_name: str | None = None
    loan_id_spoken: str | None = None
    amount_spoken: str | None = None
    due_date_spoken: str | None = None
    callback_spoken: str | None = None


PERSONAL: Final = frozenset({"customer_name", "loan_id_spoken", "amount_spoken", "due_date_spoken", "callback_spoken"})
"""Values that belong to one borrower; the lender's name is everybody's."""

_TEMPLATES: Final = load_templates(
    Path(__file__).parent / "data" / "templates.yaml",
    prompts=frozenset(Prompt),
    placeholders=frozenset(field.name for field in fields(Values)),
    personal=PERSONAL,
)

AFTER_VERIFICATION: Final[frozenset[Prompt]] = frozenset(Prompt(name) for name in _TEMPLATES.after_verification)
"""What only a borrower who has confirmed their identity may hear."""


@dataclass(frozen=True)
class Line:
    """One spoken piece, a sentence or a few very short ones."""

    text: str
    personal: bool
    """Holds a borrower's own value; False: the same words for every borrower of the lender, voiced once for all."""


def render(prompt: Prompt, language: str, values: Values) -> tuple[Line, ...]:
    """Return what is said for `prompt`, in order.

    `InvalidInput` names the value that the template needs and `values` lacks.
    """
    sentences = _TEMPLATES.sentences[check_language(language)][prompt]
    return tuple(Line(_fill(prompt, sentence, values), sentence.personal) for sentence in sentences)


def _fill(prompt: Prompt, sentence: Sentence, values: Values) -> str:
    filled: dict[str, str] = {}
    for name in sentence.placeholders:
        value: str | None = getattr(values, name)
        if not value:
            raise InvalidInput(f"{prompt} cannot be said without it", name)
        filled[name] = value
    return sentence.text.format_map(filled)


def values_for(
    language: str,
    *,
    customer_name: str,
    lender_name: str,
    loan_id: str,
    amount_paise: int,
    due_date: date,
    today: date,
) -> Values:
    """Turn a call's record into words of `language`; `InvalidInput` names what cannot be said.

    Args:
        language: one of the eleven codes.
        customer_name: as it stands in the record.
        lender_name: as the campaign has it.
        loan_id: whole; only its last four digits are spoken.
        amount_paise: 1 or more.
        due_date: of the instalment.
        today: the day it is in India when the call is made.
    """
    return Values(
        customer_name=speakable_name(customer_name),
        lender_name=speakable_company(lender_name),
        loan_id_spoken=digits(loan_id, language),
        amount_spoken=rupees(amount_paise, language),
        due_date_spoken=spoken_date(due_date, language, today=today),
    )
