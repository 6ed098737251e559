"""Whose words count: who has the floor, and since when."""

from typing import Final

EARLY_MS: Final = 400
"""Words that end so little before our line does are its answer: people do not wait for the last syllable."""


class Floor:
    """Decides which of the borrower's utterances are answers.

    While our line is heard, short words ("haan", "achha") are listening, not speaking, and are left out; so is
    whatever is said and over before a line that may not be interrupted has ended. An utterance counts
    - when speech has judged that it takes the floor, and the line may be interrupted;
    - or when it is still going on as the line ends, or ends hardly earlier;
    - also if our next line follows at once, when it is sustained speech: an announcement, or a question.
    """

    def __init__(self) -> None:
        self._line = False
        self._line_ended_ms = 0
        self._open: set[int] = set()
        self._sustained: set[int] = set()
        self._counted: set[int] = set()
        self._left_out: set[int] = set()

    @property
    def borrower_speaks(self) -> bool:
        """True while an utterance goes on."""
        return bool(self._open)

    @property
    def awaits_words(self) -> bool:
        """True while the words of an utterance that counts are still to come."""
        return bool(self._counted)

    def line_began(self) -> None:
        """Our line is about to be heard."""
        self._line = True
        self._counted |= self._open & self._sustained

    def line_ended(self, at_ms: int) -> None:
        """Our line is heard no more; `at_ms` is the position of the line in what the ears have taken in."""
        self._line = False
        self._line_ended_ms = at_ms

    def speech_started(self, utterance: int) -> None:
        """The borrower began to speak."""
        self._open.add(utterance)

    def goes_on(self, utterance: int) -> None:
        """The borrower speaks on and on, over a line that may not be interrupted."""
        self._sustained.add(utterance)

    def takes(self, utterance: int) -> None:
        """The borrower has the floor: these words count, whatever is heard of us."""
        self._open.add(utterance)
        self._counted.add(utterance)

    def speech_ended(self, utterance: int, ended_ms: int) -> bool:
        """Tell whether the utterance counts, now that it has ended."""
        self._open.discard(utterance)
        self._sustained.discard(utterance)
        if utterance in self._counted:
            return True
        counts = not self._line and ended_ms >= self._line_ended_ms - EARLY_MS
        (self._counted if counts else self._left_out).add(utterance)
        return counts

    def words_came(self, utterance: int, ended_ms: int) -> bool:
        """Tell whether the words count; asked once for each utterance."""
        if utterance not in self._left_out:
            self.speech_ended(utterance, ended_ms)
        counts = utterance in self._counted
        self._counted.discard(utterance)
        self._left_out.discard(utterance)
        return counts

    def forget(self) -> None:
        """Forget what was being said: it is lost, or will be told anew."""
        self._open.clear()
        self._sustained.clear()
        self._counted.clear()
        self._left_out.clear()
