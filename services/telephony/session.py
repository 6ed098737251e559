"""One phone call, from answer to hang-up."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from services.telephony import metrics
from services.telephony.clerk import Clerk
from services.telephony.ears import Ears, EarsLost, EarsReopened
from services.telephony.events import Ended, Event, Farewell, LineEnded, VoiceLost
from services.telephony.floor import Floor
from services.telephony.journal import Journal
from services.telephony.mailbox import Alarms, Elapsed, Mailbox
from services.telephony.mind import Mind, MindReopened, Said
from services.telephony.model import (
    BargedIn,
    Brief,
    Ending,
    Expectation,
    Heard,
    KeyPressed,
    Next,
    NoInput,
    Plan,
    Played,
    Reason,
    SpeechEnded,
    SpeechStarted,
    Status,
    Transcribed,
    Turn,
)
from services.telephony.mouth import Mouth
from services.telephony.notes import Notes
from services.telephony.outcomes import hung_up, led_to_its_end
from services.telephony.parts import Parts
from services.telephony.ports import Leg
from services.telephony.recording import Recording
from services.telephony.stopwatch import Stopwatch

HOLD_AFTER: Final = 4.0
GIVE_UP_AFTER: Final = 12.0
"""Seconds without an answer of dialog's after which the borrower is asked to hold, then released with an apology."""
TAIL: Final = 0.3
"""Seconds between the last sound and the end: what the carrier has queued dies with the socket."""
WORDS_WITHIN: Final = 5.0
"""Seconds that words may take after their utterance has ended; an utterance, and an apology, have limits too."""
UTTERANCE_WITHIN: Final = 45.0
FAREWELL_WITHIN: Final = 15.0
RESUME_WITHIN: Final = 3.0
"""Seconds after which a line that was paused goes on, whatever is heard: speech tells sooner what it was."""
FINISH_WITHIN: Final = 1.0
"""Seconds that the streams get to end in good order."""


class CallSession:
    """One phone call.

    All that happens is an event on one queue, which `_narrate` alone reads, in order. Sound alone goes past it.
    """

    def __init__(
        self,
        brief: Brief,
        leg: Leg,
        parts: Parts,
        journal: Journal,
        notes: Notes,
        *,
        plan: Plan,
        before_transfer: Callable[[], Awaitable[None]],
        snapshot: bytes = b"",
        recording: Recording | None = None,
    ) -> None:
        """Prepare a call.

        Args:
            brief: what the call must know.
            leg: the borrower's side; closed by `run`, whatever happens.
            parts, journal, notes: what the call works with, what tells the record, what another pod would need.
            plan: what to say when dialog cannot be reached; one without lines ends the call in silence then.
            before_transfer: awaited when a transfer has been announced, before the line is closed.
            snapshot, recording: the last turn's, when the conversation goes on; what takes down what is said.
        """
        self._brief, self._leg, self._parts, self._journal, self._notes = brief, leg, parts, journal, notes
        self._before_transfer, self._recording = before_transfer, recording
        self._clerk = Clerk(brief, parts, journal, notes, plan)
        self._mail: Mailbox[Event] = Mailbox()
        self._alarms = Alarms(self._mail.post)
        self._ears = Ears(parts.speech, brief.call_id, self._mail.put)
        self._mind = Mind(parts.dialog, brief, self._mail.put, snapshot)
        self._floor, self._watch = Floor(), Stopwatch()
        self._mouth = Mouth(
            brief.call_id,
            leg,
            parts,
            journal,
            now_ms=self._watch.now_ms,
            post=self._mail.post,
            on_audible=self._audible,
            recording=recording,
            hold=lambda: self._clerk.hold,
        )
        self._turn: Turn | None = None  # dialog's last, whether it is being said or was
        self._awaits_dialog = False
        self._farewell: Ending | None = None
        self._borrower_spoke = False
        self.language = ""
        """Language of the conversation; empty before it begins."""
        self.notice_given = False
        """True when the first turn, which tells that calls are recorded, has been heard."""

    # What the line brings; called by whoever reads it.

    def hear(self, pcm: bytes) -> None:
        """Hear 8 kHz PCM of the line."""
        self._ears.feed(pcm)
        if self._recording and self.notice_given:
            self._recording.borrower(pcm)

    async def press(self, digit: str) -> None:
        """Take note of a key; one of 0-9, * and #."""
        await self._mail.put(KeyPressed(digit))

    async def learn_goodbye(self) -> None:
        """Have the goodbye ready before the call is led: for a call that begins with its end."""
        await self._clerk.fetch_fallbacks()

    def end(self, event: Ended | Farewell) -> None:
        """End the call; may be called more than once, the first one counts."""
        self._mail.post(event)

    # The story.

    async def run(self) -> Ending:
        """Converse until one side ends the call, and return how it ended. Cancel it to cut the call off."""
        self._watch.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                hearing = tasks.create_task(self._ears.run(), name="hear")
                thinking = tasks.create_task(self._mind.run(), name="think")
                keeping = tasks.create_task(self._notes.run(), name="keep")
                fetching = tasks.create_task(self._clerk.fetch_fallbacks(), name="fallbacks")
                self._alarms.set("limit", self._parts.time_limit)
                self._await_dialog()
                ending = await self._narrate()
                self._fall_silent()
                fetching.cancel()
                await self._finish(ending, hearing, thinking, keeping)
        finally:
            self._fall_silent()
            metrics.audio_gaps.add(self._mouth.gaps)
        return ending

    def _fall_silent(self) -> None:
        self._alarms.stop_all()
        self._mouth.hush(interrupted=True)
        self._leg.close()
        self._journal.close()

    async def _finish(self, ending: Ending, *tasks: asyncio.Task[None]) -> None:
        """Let the streams end in good order, but not for long."""
        self._mind.finish(ending.reason)
        self._ears.finish()
        self._notes.close()
        await asyncio.wait(tasks, timeout=FINISH_WITHIN)
        for task in tasks:
            task.cancel()
        if self._mind.facts:
            self._journal.facts(self._mind.facts)

    async def _narrate(self) -> Ending:
        while True:
            match await self._mail.get():
                case Ended(ending, by_borrower):
                    return self._why_hung_up(ending) if by_borrower else ending
                case Farewell(ending):
                    self._say_goodbye(ending)
                case Elapsed() as alarm:
                    if self._alarms.rang(alarm) and (ended := await self._ring(alarm.name)):
                        return ended
                case LineEnded() as event if self._mouth.is_about(event):
                    self._line_ended(event.heard_ms)
                case event if not self._farewell:
                    self._handle(event)

    def _handle(self, event: Event) -> None:
        match event:
            case Said(turn, again):
                self._say(turn, again=again)
            case SpeechStarted() | BargedIn() | SpeechEnded() | Transcribed():
                self._borrower(event)
            case KeyPressed():
                self._key(event)
            case VoiceLost() if self._mouth.is_about(event):
                self._tell_played(self._mouth.hush(failed=True))
                self._say_goodbye(Ending(Status.FAILED, Reason.SPEECH_LOST))
            case EarsReopened():
                self._begin_to_hear_anew()
            case EarsLost():
                self._say_goodbye(Ending(Status.FAILED, Reason.SPEECH_LOST))
            case MindReopened():
                self._alarms.stop("listen", "words")
                if not self._awaits_dialog:  # a stream that cannot be opened gains nobody more time
                    self._await_dialog()

    async def _ring(self, alarm: str) -> Ending | None:
        """Do what an alarm was set for; return how the call ends, when it does."""
        match alarm:
            case "listen":
                self._tell(NoInput())
            case "words":
                self._floor.forget()
                self._tell(Heard(lost=True))
            case "hold" if self._mouth.silent:
                self._mouth.play(self._clerk.hold)
            case "give_up":
                self._say_goodbye(Ending(Status.FAILED, Reason.DIALOG_LOST))
            case "limit":
                self._say_goodbye(Ending(Status.COMPLETED, Reason.TIME_LIMIT))
            case "resume":
                self._mouth.resume()
            case "act":
                return await self._act()
        return None

    async def _act(self) -> Ending:
        """Do what follows the last line."""
        if self._farewell:
            return self._farewell
        if self._turn and self._turn.next is Next.TRANSFER:
            await self._before_transfer()
            return Ending(Status.AGENT_TRANSFER, Reason.AGENT_TRANSFER)
        return led_to_its_end(self._turn)

    def _why_hung_up(self, ending: Ending) -> Ending:
        return self._farewell or hung_up(ending, self._turn, spoke=self._borrower_spoke)

    # Our side.

    def _say(self, turn: Turn, *, again: bool) -> None:
        """Say a turn of dialog's."""
        said, before = self._mouth.turn, self._turn
        self._alarms.stop("hold", "give_up", "listen", "words", "act")
        self._turn, self._awaits_dialog = turn, False
        self._clerk.take(turn, self._tasks)
        self.language = turn.language
        self._ears.expect(Expectation(turn.answer, "" if turn.detect_language else turn.language))
        if again and said and said.lines == turn.lines:
            self._mouth.goes_on_as(turn)  # the very lines that are being heard
            return
        if said and before:
            self._tell_played(self._mouth.hush(interrupted=True))
        if turn.lines:
            self._floor.line_began()
            self._mouth.say(turn, self._tasks)
        else:
            self._after(turn, Played(turn.number))

    def _line_ended(self, heard_ms: int) -> None:
        """What was being said has been heard to its end."""
        turn, played = self._mouth.turn, self._mouth.close(heard_ms)
        self._floor.line_ended(self._ears.position_ms)
        if self._farewell:
            self._alarms.set("act", TAIL)
        elif turn and played:
            self.notice_given = True
            self._after(turn, played)

    def _after(self, turn: Turn, played: Played) -> None:
        """Go on after a turn whose lines were heard, or which had none."""
        self._mind.tell(played)
        match turn.next:
            case Next.LISTEN:
                self._listen()
            case Next.CONTINUE:
                self._await_dialog()
            case Next.TRANSFER | Next.HANG_UP:
                self._alarms.set("act", TAIL)

    def _tell_played(self, played: Played | None) -> None:
        """Tell dialog how far a turn got that was cut off."""
        self._floor.line_ended(self._ears.position_ms)
        if played:
            self._mind.tell(played)

    def _say_goodbye(self, ending: Ending) -> None:
        """Say the technical goodbye, then end. The first reason counts."""
        if self._farewell:
            return
        self._farewell = ending
        self._alarms.stop_all()
        self._alarms.set("act", FAREWELL_WITHIN if self._mouth.play(self._clerk.goodbye) else 0.0)

    # Their side.

    def _borrower(self, event: SpeechStarted | BargedIn | SpeechEnded | Transcribed) -> None:
        match event:
            case SpeechStarted(utterance):
                self._floor.speech_started(utterance)
                if self._mouth.pause():
                    self._alarms.set("resume", RESUME_WITHIN)
                if self._listens:
                    self._alarms.stop("listen")
                    self._alarms.set("words", UTTERANCE_WITHIN)
            case BargedIn(utterance):
                if self._mouth.may_be_cut:
                    self._alarms.stop("resume")
                    self._floor.takes(utterance)
                    self._tell_played(self._mouth.hush(interrupted=True))
                    self._alarms.set("words", UTTERANCE_WITHIN)
                else:
                    self._floor.goes_on(utterance)
            case SpeechEnded(utterance, _, ended_ms):
                self._mouth.resume()  # it was no interruption, or nothing is paused any more
                if self._floor.speech_ended(utterance, ended_ms):
                    self._watch.fell_silent(since=(self._ears.position_ms - ended_ms) / 1000)
                    self._alarms.set("words", WORDS_WITHIN)
                elif self._listens:
                    self._listen()
            case Transcribed():
                if self._floor.words_came(event.utterance, event.ended_ms):
                    self._words(event)

    @property
    def _listens(self) -> bool:
        """True while it is the borrower's turn to speak."""
        listens = self._turn is not None and self._turn.next is Next.LISTEN
        return listens and self._mouth.silent and not self._awaits_dialog

    def _listen(self) -> None:
        """Wait for the borrower, unless they are speaking already."""
        self._alarms.stop("words")
        if self._floor.borrower_speaks or self._floor.awaits_words:
            self._alarms.set("words", UTTERANCE_WITHIN)
        elif self._turn:
            self._alarms.set("listen", self._turn.listen_for)

    def _words(self, words: Transcribed) -> None:
        self._alarms.stop("listen", "words")
        self._borrower_spoke = self._borrower_spoke or bool(words.text)
        began = self._watch.now_ms() - self._ears.position_ms  # the call is older than its first sound
        self._journal.they_said(
            self._turn.state if self._turn else "",
            words.text,
            words.language or self.language,
            began + words.started_ms,
            began + words.ended_ms,
        )
        self._tell(Heard(words.text, words.language, words.language_confidence, words.lost))

    def _key(self, key: KeyPressed) -> None:
        """Take a key for an answer. Over a line that may not be cut it is as void as words would be."""
        if self._turn is None or (self._mouth.turn and not self._mouth.turn.interruptible):
            return
        self._tell_played(self._mouth.hush(interrupted=True))
        self._alarms.stop("listen", "words")
        self._floor.forget()
        self._borrower_spoke = True
        self._tell(key)

    def _begin_to_hear_anew(self) -> None:
        """What was being said is told anew by the new stream; if it is not, the borrower is waited for again."""
        self._floor.forget()
        self._mouth.resume()
        if self._listens:
            self._listen()

    # Both.

    def _tell(self, event: Heard | KeyPressed | NoInput) -> None:
        self._mind.tell(event)
        # What is said into a line that goes on may change nothing, and what is said after the last one needs no answer.
        if self._mouth.silent and self._turn and self._turn.next in (Next.LISTEN, Next.CONTINUE):
            self._await_dialog()

    def _await_dialog(self) -> None:
        """Dialog is to speak next; if it does not, the borrower is told to hold, and at last released."""
        self._awaits_dialog = True
        self._alarms.set("hold", HOLD_AFTER)
        self._alarms.set("give_up", GIVE_UP_AFTER)

    def _audible(self, audible: bool) -> None:
        """Take note of the playback clock: our side begins to be heard, or no longer is."""
        self._ears.bot_speaks(audible)
        if audible:
            state = self._turn.state if self._turn else ""
            self._watch.heard_us(greeting=not self.notice_given, state=state, language=self.language)
