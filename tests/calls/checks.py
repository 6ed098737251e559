"""What must be true of every story, whatever it tells."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.telephony.speech_links import LINKS
from tests.calls.world import World
from tests.support.memory_record import FINAL
from tests.support.studio import Studio
from tests.support.whole_system import WholeSystem, whole_system

TOLERATED = {"payload-small"}
"""100 ms a message is our default: the provider names 20 and 100 ms, and warns under 200."""

TASKS_OF_A_CALL = {
    *("call", "send", "lease", "fallbacks", "hear", "think", "keep", "speak", "prepare", "place", "render"),
    *("record", "end", "dictate", "tell words", "await words", "ask with the whole utterance", "render a line"),
    *("listen", "decide", "fill the pause"),
}
"""By the names that the services give them."""


@asynccontextmanager
async def a_world(studio: Studio, **more: object) -> AsyncIterator[World]:
    """A world for one story, checked at its end; `more` is that of `whole_system`."""
    async with whole_system(studio, **more) as system:  # type: ignore[arg-type]  # by name
        world = World(system, studio)
        yield world
        await check(world)


async def check(world: World) -> None:
    """Hold a story to what must be true of all of them."""
    await asyncio.sleep(60)  # a second final status would come by now
    for story in world.stories:
        assert story.line.over.is_set(), "the story left the call open"
        assert story.line.findings.rules("error") == set(), story.line.findings.view()
        assert story.line.findings.rules("warning") <= TOLERATED, story.line.findings.view()
    for record in world.system.calls.all:
        finals = [update for update in record.history if update.applied and update.status in FINAL]
        assert len(finals) == 1, record.history
    nothing_is_left_of_calls(world.system)


def nothing_is_left_of_calls(system: WholeSystem) -> None:
    assert system.telephony.switchboard.calls == 0
    assert system.exotel.active_streams == 0
    assert system.sessions.live == {}
    assert system.speech.heard == 0
    assert len(system.to_speech.calls) <= LINKS, "the links stay, and nothing else"
    assert [channel.calls for channel in system.channels if channel is not system.to_speech] == [set()] * 3
    assert system.sarvam.provider.limits("any").open_sockets["stt"] == 0
    working = {task.get_name() for task in asyncio.all_tasks()}
    assert working.isdisjoint(TASKS_OF_A_CALL), working & TASKS_OF_A_CALL
