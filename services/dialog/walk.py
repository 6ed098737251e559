"""Walks the table: one step for each thing that happens, with a patience that runs out."""

from dataclasses import dataclass, replace

from services.dialog.flow import FLOW, Go, Noted, Stay
from services.dialog.intents import Intent
from services.dialog.scenes import (
    GIVE_UP,
    MAX_ASKED,
    MAX_CUTS,
    MAX_FAILURES,
    MAX_LOST,
    MAX_SILENT,
    MAX_UNCLEAR,
    PUT_AGAIN,
    SCENES,
    Disposition,
    Saying,
    Scene,
    Stage,
    State,
)
from services.dialog.templates import Prompt
from services.dialog.turns import Next


@dataclass(frozen=True, slots=True)
class Position:
    """Where a conversation is, and how much patience it has used."""

    state: State = State.INITIAL_GREETING
    verified: bool = False
    """True once the borrower has said that it is they."""
    floor: bool = False
    """True while the borrower, having cut off the details, has the floor."""
    asked: int = 0
    """How often this question was put again, or these details were gone on with."""
    unclear: int = 0
    """How many answers to this question told nothing."""
    silent: int = 0
    """How many times in a row there was none."""
    lost: int = 0
    """How many times in a row the words were lost on the way."""
    failures: int = 0
    """How many turns of the call could not be said."""
    detours: int = 0
    """How often a language was wanted that we do not speak."""
    agents: bool = True
    """True while agents are at work."""
    disposition: Disposition = Disposition.NONE

    @property
    def scene(self) -> Scene:
        """What this state says."""
        return SCENES[self.state]

    @property
    def listening(self) -> bool:
        """Tell whether an answer is awaited."""
        return self.floor or self.scene.next is Next.LISTEN

    @property
    def may_be_cut(self) -> bool:
        """Tell whether the borrower may cut off what is said here."""
        tired = self.scene.next is Next.CONTINUE and self.asked > MAX_CUTS
        return self.scene.interruptible and not tired


@dataclass(frozen=True, slots=True)
class Step:
    """What to do now."""

    at: Position
    say: tuple[Saying, ...] = ()
    goes_on: bool = False
    """True when the rest of the scene's own words follows `say`."""
    waits: bool = False
    """True when the borrower asked for time."""


def enter(at: Position, to: State, go: Go | None = None, *, first: tuple[Saying, ...] = ()) -> Step:
    """Come to the state `to`, saying `first` before its own words."""
    go = go or Go(to)
    scene = SCENES[to]
    verified = at.verified or go.confirms
    disposition = at.disposition.or_stronger(go.means)
    if scene.without_agents and not at.agents:
        return enter(replace(at, verified=verified, disposition=disposition), scene.without_agents, first=first)
    if scene.private and not verified:  # the table has no such way; should it ever get one, this door is shut
        return enter(at, State.CONFIRMING_IDENTITY, first=first)
    there = replace(
        at, state=to, verified=verified, floor=False, silent=0, disposition=disposition.or_stronger(scene.means)
    )
    if scene.stage > at.scene.stage:
        return Step(replace(there, asked=0, unclear=0), first + scene.say)
    if scene.stage is Stage.CLOSING or at.asked < MAX_ASKED:
        return Step(replace(there, asked=at.asked + 1), first + scene.say)
    return give_up(replace(at, disposition=disposition))


def give_up(at: Position) -> Step:
    """End what leads nowhere: a question with a goodbye, details by going on to what follows them."""
    if at.scene.asks:
        return enter(at, GIVE_UP[at.scene.asks])
    return advance(at)


def step(at: Position, intent: Intent) -> Step | None:
    """Take what the borrower meant; None when there is nothing new to say.

    A borrower who cannot be heard now, because our words may not be cut off, gets no answer.
    """
    move = FLOW[at.state, intent]
    match move:
        case Go():
            return enter(at, move.to, move)
        case Noted():
            return None
        case Stay():
            return _stay(at, move)


def noted(at: Position, intent: Intent) -> Position:
    """Return `at` with what `intent` means for the record where nothing is said about it."""
    move = FLOW[at.state, intent]
    return replace(at, disposition=at.disposition.or_stronger(move.means)) if isinstance(move, Noted) else at


def _stay(at: Position, how: Stay) -> Step | None:
    match how:
        case Stay.SILENTLY:
            stepped = None
        case Stay.REPEATING:
            stepped = repeat(at)
        case Stay.EXPLAINING:
            stepped = _again(at, Saying(Prompt.WHO_IS_THIS))
        case Stay.APOLOGISING:
            stepped = _apologise(at)
        case Stay.NUDGING:
            stepped = _nudge(at)
        case Stay.WAITING:
            stepped = _wait(at)
        case Stay.GOING_ON:
            stepped = _again(at) if at.floor else None
    return stepped


def _apologise(at: Position) -> Step:
    if at.unclear >= MAX_UNCLEAR:
        return give_up(at)
    return _again(replace(at, unclear=at.unclear + 1), Saying(Prompt.REPROMPT))


def _again(at: Position, *first: Saying) -> Step:
    """Say `first`, then put the question again or go on with the details."""
    if at.asked >= MAX_ASKED:
        return give_up(at)
    scene = at.scene
    there = replace(at, asked=at.asked + 1, silent=0, floor=False)
    if not scene.asks:
        return Step(there, first, goes_on=True)
    return Step(replace(there, state=scene.asked_again or at.state), (*first, Saying(PUT_AGAIN[scene.asks])))


def _nudge(at: Position) -> Step:
    if at.silent >= MAX_SILENT:
        return enter(at, State.NO_INPUT_GOODBYE)
    nudged = _again(at, Saying(Prompt.STILL_THERE))
    return replace(nudged, at=replace(nudged.at, silent=at.silent + 1))


def _wait(at: Position) -> Step:
    if at.asked >= MAX_ASKED:
        return give_up(at)
    floor = at.scene.next is not Next.LISTEN
    return Step(replace(at, asked=at.asked + 1, silent=0, floor=floor), waits=True)


def repeat(at: Position, *first: Saying, free: bool = False) -> Step:
    """Say `first` and the state's own words from their beginning; it costs no patience when `free`."""
    if at.asked >= MAX_ASKED and not free:
        return give_up(at)
    asked = at.asked if free else at.asked + 1
    return Step(replace(at, asked=asked, silent=0, floor=False), (*first, *(at.scene.repeat or at.scene.say)))


def afresh(at: Position) -> Step:
    """Put the question once more, for a borrower who spoke before having heard it."""
    if at.asked >= MAX_ASKED:
        return give_up(at)
    return Step(replace(at, asked=at.asked + 1, silent=0), at.scene.say)


def resume(at: Position) -> Step:
    """Say the last prompt again, after the one who led the conversation was lost."""
    if at.floor or (at.scene.next is Next.CONTINUE and not at.scene.asks):
        return Step(replace(at, floor=False), goes_on=True)
    return Step(at, at.scene.say or at.scene.repeat)


def advance(at: Position) -> Step:
    """Go where the conversation goes by itself, once all was said."""
    onward = at.scene.onward
    if onward is None:
        raise ValueError(f"{at.state} leads nowhere by itself")
    told = replace(at, disposition=at.disposition.or_stronger(at.scene.told))
    if SCENES[onward].stage is at.scene.stage:  # two halves of one thing
        there = replace(told, state=onward, floor=False)
        return Step(there, SCENES[onward].say)
    return enter(told, onward)


def cut_off(at: Position) -> Step:
    """Give the borrower the floor; where they may not have it, go on with what was cut off."""
    if at.may_be_cut:
        return Step(replace(at, floor=True))
    return _again_or_onward(at)


def failed(at: Position) -> Step | None:
    """Answer a turn that could not be said: say the rest, then excuse ourselves; None when the call ends anyway."""
    match at.scene.next:
        case Next.HANG_UP:
            return None
        case Next.TRANSFER:
            return enter(at, State.AGENT_UNAVAILABLE)
        case _ if at.failures >= MAX_FAILURES:
            return enter(at, State.TECHNICAL_GOODBYE)
    worse = replace(at, failures=at.failures + 1)
    return _again_or_onward(worse) if at.scene.next is Next.CONTINUE else repeat(worse, free=True)


def lost(at: Position) -> Step | None:
    """Answer words that were lost on the way: ask again, and excuse ourselves when that does not help."""
    if at.lost >= MAX_LOST and at.listening:
        return enter(at, State.TECHNICAL_GOODBYE)
    worse = replace(at, lost=at.lost + 1)
    if FLOW[at.state, Intent.UNCLEAR] is Stay.APOLOGISING:  # but not as for one who mumbles
        return _again(worse, Saying(Prompt.REPROMPT))
    return step(worse, Intent.UNCLEAR)


def _again_or_onward(at: Position) -> Step:
    if at.asked >= MAX_ASKED:
        return advance(at)
    return Step(replace(at, asked=at.asked + 1, floor=False), goes_on=True)


def unsupported(at: Position) -> Step:
    """Answer a wish for a language that we do not speak: a person is offered, once."""
    if at.detours:
        return enter(at, State.TRANSFERRING_TO_AGENT)
    return enter(replace(at, detours=at.detours + 1), State.LANGUAGE_UNSUPPORTED)


def in_new_language(at: Position, *first: Saying) -> Step:
    """Go on in a language just changed: with the greeting before we know who is there, else where we were."""
    match at.scene.stage:
        case Stage.WHO if at.verified:  # came here by a language that we do not speak
            return enter(at, State.PLAYING_EMI_PART1, first=first)
        case Stage.WHO:
            return enter(at, State.INITIAL_GREETING, first=first)
        case _:
            return repeat(at, *first)
