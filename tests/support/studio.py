"""What all stories share, since making it takes time: models, what callers may say, and lines that were rendered."""

from collections.abc import Sequence

from emulators.sarvam import Phrase
from emulators.sarvam.journal import Journal, Rendered
from emulators.sarvam.recogniser import Recogniser
from services.speech.vad import VoiceModel

CALLER_VOICE = "ravi"


class Studio:
    """Lasts as long as the test process."""

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        """Prepare to understand `phrases`, each with one voice."""
        self.model = VoiceModel()
        self.recogniser = Recogniser(phrases, voices=[CALLER_VOICE])
        self.recogniser.prepare()
        self.lines = SharedLines()
        self.journals: list[Journal] = []
        self._sounds: dict[tuple[str, str], bytes] = {}

    def known_sound_of(self, text: str, language: str) -> bytes:
        """Return a line as the provider's voice spoke it, in whichever story of this process; empty when in none."""
        if (text, language) not in self._sounds:
            found = (sound for journal in self.journals if (sound := _spoken(journal.rendered, text, language)))
            if not (sound := next(found, b"")):
                return b""
            self._sounds[text, language] = sound
        return self._sounds[text, language]


class SharedLines:
    """The store of rendered lines that all pods share: it outlives them, and so it does here."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    async def put(self, key: str, pcm: bytes, *, life_s: float) -> None:
        self.kept[key] = pcm


def _spoken(rendered: Sequence[Rendered], text: str, language: str) -> bytes:
    """Return the sound of a text, which the provider may have spoken in several pieces of one connection."""
    for begin, first in enumerate(rendered):
        if first.language != language or not text.startswith(first.text):
            continue
        said, sound = "", b""
        for piece in rendered[begin:]:
            if piece.request_id != first.request_id:
                continue
            said, sound = f"{said} {piece.text}".strip(), sound + piece.pcm
            if said == text:
                return sound
            if not text.startswith(said):
                break
    return b""
