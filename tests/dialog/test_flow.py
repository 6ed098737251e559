"""Walks everything that a conversation can do: every state, every meaning, in every order."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import pytest

from services.dialog import walk
from services.dialog.flow import FLOW, Go, Noted, Stay
from services.dialog.intents import Intent
from services.dialog.scenes import SCENES, Disposition, Question, Stage, State
from services.dialog.templates import AFTER_VERIFICATION
from services.dialog.turns import Next
from services.dialog.walk import Position, Step

MAX_TURNS = 80
"""As many as an adversary can draw out of us, who also controls the network; a call of good will has about six."""

Move = Callable[[Position], Step | None]


def _moves() -> dict[str, Move]:
    """Everything that can happen, besides the meanings."""

    def played(at: Position) -> Step | None:
        return walk.advance(at) if at.scene.next is Next.CONTINUE and not at.floor else None

    def cut(at: Position) -> Step | None:
        return walk.cut_off(at) if at.scene.next is Next.CONTINUE and not at.floor else None

    def changed_language(at: Position) -> Step | None:
        return None if at.scene.stage is Stage.CLOSING else walk.in_new_language(at)

    def wants_unknown_language(at: Position) -> Step | None:
        return None if at.scene.stage is Stage.CLOSING else walk.unsupported(at)

    def agents_leave(at: Position) -> Step | None:
        return Step(replace(at, agents=False)) if at.agents else None

    return {
        "played": played,
        "cut off": cut,
        "failed": walk.failed,
        "changed language": changed_language,
        "wants a language we lack": wants_unknown_language,
        "agents leave": agents_leave,
    }


MOVES = _moves()


def _steps(at: Position) -> Iterator[tuple[str, Step]]:
    for intent in Intent:
        if step := walk.step(at, intent):
            yield intent, step
    for name, move in MOVES.items():
        if step := move(at):
            yield name, step


def _plain(at: Position) -> Position:
    """What a call came to does not lead it anywhere: leave it out of the walk."""
    return replace(at, disposition=Disposition.NONE)


@cache
def all_positions() -> frozenset[Position]:
    """Everywhere that a call can come, from its beginning."""
    found, frontier = set[Position](), [Position(), walk.enter(Position(), State.UNKNOWN_CALLER).at]
    while frontier:
        at = frontier.pop()
        if at in found:
            continue
        found.add(at)
        frontier += [_plain(step.at) for _, step in _steps(at)]
    return frozenset(found)


def test_every_state_knows_every_meaning() -> None:
    assert set(FLOW) == {(state, intent) for state in State for intent in Intent}
    assert set(SCENES) == set(State)


def test_the_walk_comes_to_every_state_but_the_end() -> None:
    assert {at.state for at in all_positions()} == set(State) - {State.END}


def test_nothing_private_is_said_before_the_borrower_has_said_who_they_are() -> None:
    for at in all_positions():
        assert at.verified or not at.scene.private, at
        for what, step in _steps(at):
            private = {saying.prompt for saying in step.say} & AFTER_VERIFICATION
            assert not private or step.at.verified, (at, what, step)
            if step.goes_on:
                own = {saying.prompt for saying in step.at.scene.say}
                assert not own & AFTER_VERIFICATION or step.at.verified, (at, what)


def test_private_scenes_are_those_that_say_private_prompts() -> None:
    for state, scene in SCENES.items():
        prompts = {saying.prompt for saying in (*scene.say, *scene.repeat)}
        assert scene.private == bool(prompts & AFTER_VERIFICATION), state


def test_only_a_yes_to_who_is_there_verifies() -> None:
    for at in all_positions():
        if at.verified:
            continue
        for what, step in _steps(at):
            if step.at.verified:
                assert what == Intent.YES
                assert at.scene.asks is Question.IDENTITY
                assert at.scene.next is Next.LISTEN


@pytest.mark.parametrize("state", [state for state, scene in SCENES.items() if scene.asks is Question.IDENTITY])
def test_what_is_no_yes_never_verifies(state: State) -> None:
    for intent in set(Intent) - {Intent.YES}:
        step = walk.step(Position(state), intent)
        assert step is None or not step.at.verified


def test_whoever_once_verified_stays_so() -> None:
    for at in all_positions():
        assert not at.verified or all(step.at.verified for _, step in _steps(at))


def test_every_question_is_answered_whatever_is_meant() -> None:
    for at in all_positions():
        if at.listening and not at.floor:
            for intent in Intent:
                assert walk.step(at, intent) is not None, (at, intent)


def test_a_borrower_who_has_the_floor_is_always_answered() -> None:
    for at in all_positions():
        if at.floor:
            for intent in Intent:
                assert walk.step(at, intent) is not None, (at, intent)


def test_every_turn_that_awaits_an_answer_ends_with_its_question() -> None:
    questions = {
        Question.IDENTITY: {"GREETING", "IDENTITY_AGAIN"},
        Question.LANGUAGE: {"LANGUAGE_UNSUPPORTED"},
        Question.AGENT: {"AGENT_CONNECT", "DISPUTE", "HARDSHIP"},
    }
    for at in all_positions():
        for what, step in _steps(at):
            scene = step.at.scene
            if scene.asks and scene.next is Next.LISTEN and step.say:
                assert step.say[-1].prompt in questions[scene.asks], (at, what, step)


def test_an_agent_can_be_had_wherever_the_borrower_can_speak() -> None:
    for at in all_positions():
        if at.scene.stage is not Stage.CLOSING and at.agents:
            step = walk.step(at, Intent.AGENT)
            assert step is not None
            assert step.at.state is State.TRANSFERRING_TO_AGENT
            assert step.at.verified == at.verified


def test_nobody_is_put_through_while_no_agent_is_at_work() -> None:
    for at in all_positions():
        if not at.agents:
            for what, step in _steps(at):
                assert step.at.scene.next is not Next.TRANSFER or step.at.state is at.state, (at, what)


def test_every_call_ends_within_a_bounded_number_of_turns() -> None:
    assert max(_longest(at) for at in all_positions()) + 1 <= MAX_TURNS


@cache
def _longest(at: Position) -> int:
    """How many turns may follow at most. Recursion would not end if some order of events led in a circle."""
    following = [(what, _plain(step.at)) for what, step in _steps(at)]
    assert all(there != at for _, there in following), at
    return max((_longest(there) + (what != "agents leave") for what, there in following), default=0)


def test_everywhere_the_borrower_can_fall_silent_and_the_call_ends() -> None:
    for at in all_positions():
        turns, here = 0, at
        while here.scene.next not in (Next.HANG_UP, Next.TRANSFER):
            step = walk.step(here, Intent.SILENCE) if here.listening else walk.advance(here)
            assert step is not None, here
            here, turns = step.at, turns + 1
        assert turns <= 10


@pytest.mark.parametrize("question", [State.WAITING_FOR_LANG_DETECT, State.ASKING_AGENT_CONNECT])
def test_silence_is_met_with_two_nudges_and_a_goodbye(question: State) -> None:
    at = Position(question, verified=SCENES[question].private)
    said = []
    for _ in range(3):
        step = walk.step(at, Intent.SILENCE)
        assert step is not None
        said.append([saying.prompt.value for saying in step.say])
        at = step.at
    assert [words[0] for words in said] == ["STILL_THERE", "STILL_THERE", "NO_INPUT_GOODBYE"]
    assert at.scene.next is Next.HANG_UP


@pytest.mark.parametrize(
    ("question", "ends"),
    [
        (State.WAITING_FOR_LANG_DETECT, State.GOODBYE_UNCONFIRMED),
        (State.ASKING_AGENT_CONNECT, State.GOODBYE_DECLINE),
        (State.NOTING_DISPUTE, State.GOODBYE_DECLINE),
    ],
)
def test_after_two_answers_that_tell_nothing_the_third_ends_the_call(question: State, ends: State) -> None:
    at = Position(question, verified=SCENES[question].private)
    for _ in range(2):
        step = walk.step(at, Intent.UNCLEAR)
        assert step is not None
        assert step.at.listening
        at = step.at
    step = walk.step(at, Intent.UNCLEAR)
    assert step is not None
    assert step.at.state is ends


def test_what_is_said_too_late_for_an_answer_is_still_noted() -> None:
    transfer = Position(State.TRANSFERRING_TO_AGENT, verified=True, disposition=Disposition.XFER_OK)
    assert walk.step(transfer, Intent.OPT_OUT) is None
    assert walk.noted(transfer, Intent.OPT_OUT).disposition is Disposition.DNC


def test_who_forbids_further_calls_during_the_goodbye_is_told_that_it_is_noted() -> None:
    goodbye = Position(State.GOODBYE_DECLINE, verified=True, disposition=Disposition.RPC_INFO)
    step = walk.step(goodbye, Intent.OPT_OUT)
    assert step is not None
    assert (step.at.state, step.at.disposition) == (State.OPTING_OUT, Disposition.DNC)


def test_a_weaker_outcome_does_not_hide_a_stronger_one() -> None:
    disputed = Position(State.NOTING_DISPUTE, verified=True, disposition=Disposition.DISP)
    transfer = walk.step(disputed, Intent.YES)
    assert transfer is not None
    assert transfer.at.state is State.TRANSFERRING_TO_AGENT
    assert transfer.at.disposition is Disposition.DISP


def test_the_table_holds_nothing_but_moves() -> None:
    assert all(isinstance(move, Go | Noted | Stay) for move in FLOW.values())
