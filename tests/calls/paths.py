"""The way of a Hindi-speaking borrower to each state of a conversation."""

from services.dialog.scenes import SCENES, Part, Stage, State
from services.dialog.templates import Prompt
from tests.calls.phrases import CONNECT_HINDI, HMM_HINDI, NO_HINDI, YES_HINDI
from tests.calls.world import Call

LANGUAGE = "hi-IN"


async def lead_to(call: Call, state: State) -> None:
    """Return while the words of `state` are being said, or awaited where it says none."""
    await _WAYS[state](call)
    assert call.state == state


async def _greeting(call: Call) -> None:
    await call.hears_beginning_of(Prompt.GREETING, LANGUAGE)


async def _question(call: Call) -> None:
    await call.hears(Prompt.GREETING, LANGUAGE, Part.NOTICE)
    await call.hears_beginning_of(Prompt.GREETING, LANGUAGE, Part.QUESTION)


async def _asked_again(call: Call) -> None:
    await call.hears(Prompt.GREETING, LANGUAGE)
    await call.says(*HMM_HINDI)
    await call.hears_beginning_of(Prompt.IDENTITY_AGAIN, LANGUAGE)


async def _details_1(call: Call) -> None:
    await call.hears(Prompt.GREETING, LANGUAGE)
    await call.says(*YES_HINDI)
    await call.hears_beginning_of(Prompt.EMI_DETAILS_PART1, LANGUAGE)


async def _details_2(call: Call) -> None:
    await _details_1(call)
    await call.hears_beginning_of(Prompt.EMI_DETAILS_PART2, LANGUAGE)


async def _offer(call: Call) -> None:
    await _details_2(call)
    await call.hears_beginning_of(Prompt.AGENT_CONNECT, LANGUAGE)


async def _offered_again(call: Call) -> None:
    await _details_2(call)
    await call.hears(Prompt.AGENT_CONNECT, LANGUAGE)
    await call.says(*HMM_HINDI)
    await call.hears_beginning_of(Prompt.REPROMPT, LANGUAGE)


async def _transferring(call: Call) -> None:
    await _details_2(call)
    await call.hears(Prompt.AGENT_CONNECT, LANGUAGE)
    await call.says(*CONNECT_HINDI)
    await call.hears_beginning_of(Prompt.TRANSFERRING, LANGUAGE)


async def _goodbye(call: Call) -> None:
    await _details_2(call)
    await call.hears(Prompt.AGENT_CONNECT, LANGUAGE)
    await call.says(*NO_HINDI)
    await call.hears_beginning_of(Prompt.GOODBYE, LANGUAGE)


async def go_on_from(call: Call, state: State) -> None:
    """Lead the call from `state` to its end; what was being said there may be said again, or go on."""
    if SCENES[state].stage is Stage.WHO:
        question = (Prompt.IDENTITY_AGAIN, Part.WHOLE)
        if state is not State.CONFIRMING_IDENTITY:
            question = (Prompt.GREETING, Part.QUESTION)
        await call.hears(question[0], LANGUAGE, question[1], again=True)
        await call.says(*YES_HINDI)
    if SCENES[state].stage is Stage.CLOSING:
        return
    await call.hears(Prompt.AGENT_CONNECT, LANGUAGE, again=True)
    await call.says(*NO_HINDI)
    await call.hears(Prompt.GOODBYE, LANGUAGE)


_WAYS = {
    State.INITIAL_GREETING: _greeting,
    State.WAITING_FOR_LANG_DETECT: _question,
    State.CONFIRMING_IDENTITY: _asked_again,
    State.PLAYING_EMI_PART1: _details_1,
    State.PLAYING_EMI_PART2: _details_2,
    State.ASKING_AGENT_CONNECT: _offer,
    State.WAITING_AGENT_RESPONSE: _offered_again,
    State.TRANSFERRING_TO_AGENT: _transferring,
    State.GOODBYE_DECLINE: _goodbye,
}
STATES = list(_WAYS)
