"""Which lines a call will most likely need, so that they are ready before they are."""

from dataclasses import dataclass
from typing import Final

from services.dialog.scenes import Saying
from services.dialog.script import Script
from services.dialog.templates import Line, Prompt
from services.dialog.turns import Brief

_COMMON_PATH: Final = (
    Prompt.EMI_DETAILS_PART1,
    Prompt.EMI_DETAILS_PART2,
    Prompt.AGENT_CONNECT,
    Prompt.TRANSFERRING,
    Prompt.GOODBYE,
)
_BESIDE_IT: Final = (
    Prompt.IDENTITY_AGAIN,
    Prompt.STILL_THERE,
    Prompt.REPROMPT,
    Prompt.WHO_IS_THIS,
    Prompt.FILLER,
    Prompt.NO_INPUT_GOODBYE,
    Prompt.CALLBACK_CONFIRM,
    Prompt.THIRD_PARTY,
    Prompt.WRONG_PARTY,
    Prompt.ALREADY_PAID,
    Prompt.DISPUTE,
    Prompt.HARDSHIP,
    Prompt.OPT_OUT,
    Prompt.AGENT_UNAVAILABLE,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Lines to render before the phone rings."""

    language: str
    greeting: tuple[Line, ...]
    likely: tuple[Line, ...]
    """In the order in which they are needed."""
    hold: tuple[Line, ...]
    goodbye: tuple[Line, ...]


def plan_call(brief: Brief, script: Script, language: str) -> Plan:
    """Plan a call that begins in `language`; `InvalidInput` names the field of the brief that cannot be spoken."""
    first = Prompt.GREETING if brief.knows_whom else Prompt.UNKNOWN_CALLER
    return Plan(
        language,
        greeting=script.lines(language, Saying(first)),
        likely=common_path(script, language) if brief.knows_whom else (),
        hold=script.lines(language, Saying(Prompt.HOLD)),
        goodbye=script.lines(language, Saying(Prompt.TECHNICAL_GOODBYE)),
    )


def common_path(script: Script, language: str) -> tuple[Line, ...]:
    """Return what most calls say after the greeting, each line once, the likeliest first."""
    return tuple(dict.fromkeys(script.lines(language, *map(Saying, _COMMON_PATH + _BESIDE_IT))))
