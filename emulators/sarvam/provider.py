"""The account, the ear and the voice that all endpoints share."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aiohttp import web

from emulators.audio import ulaw_decode, ulaw_encode
from emulators.sarvam import catalogue
from emulators.sarvam.errors import ApiError
from emulators.sarvam.faults import Fault, Faults
from emulators.sarvam.journal import Journal, Rendered, RequestIds, Understood
from emulators.sarvam.limits import PLANS, Limits, Plan
from emulators.sarvam.phrasebook import Phrase, read_phrases
from emulators.sarvam.recogniser import Heard, Recogniser
from emulators.voices import BOT_VOICE, VOICES, synthesise

KEY_HEADER: Final = "api-subscription-key"
_WORDS_A_MINUTE: Final = 165


@dataclass(slots=True)
class Latency:
    """How long the emulated service takes; seconds of the loop's clock."""

    handshake_s: float = 0.0
    stt_final_s: float = 0.15
    """From the end of speech to its final."""
    stt_partial_s: float = 0.2
    """Audio between two partials with `stream_type=fast`; `balanced` takes twice as long."""
    tts_first_byte_s: float = 0.15
    tts_speed: float = 2.8
    """Seconds of audio that are sent in one second."""
    rest_s: float = 0.1
    idle_s: float = 60.0
    """Silence of the client after which a socket is given up."""


def utc_now() -> datetime:
    """Return the wall's present."""
    return datetime.now(UTC)


class Provider:
    """Sarvam behind its endpoints.

    Args:
        keys: subscription keys that are let in; each is an account of its own. Empty: any key is.
        phrases: what callers may say; the packaged book when left out.
        caller_voices: voices whose callers it understands well.
        voice: the voice that it speaks with, whatever speaker is asked for.
        plan: limits of each key, as a plan or its name.
        seed: of everything that would be random.
    """

    def __init__(
        self,
        *,
        keys: Iterable[str] = (),
        phrases: Iterable[Phrase] | Path | None = None,
        caller_voices: Sequence[str] = tuple(VOICES),
        voice: str = BOT_VOICE,
        plan: Plan | str = "unlimited",
        latency: Latency | None = None,
        now: Callable[[], datetime] = utc_now,
        seed: int = 0,
    ) -> None:
        book = read_phrases() if phrases is None else read_phrases(phrases) if isinstance(phrases, Path) else phrases
        self.recogniser = Recogniser(book, voices=caller_voices)
        self.faults = Faults()
        self.journal = Journal()
        self.latency = latency or Latency()
        self.now = now
        self.seed = seed
        self.request_id = RequestIds(now, seed)
        self._keys = frozenset(keys)
        self._voice = voice
        self._plan = PLANS[plan] if isinstance(plan, str) else plan
        self._accounts: dict[str, Limits] = {}

    def account(self, request: web.Request) -> Limits:
        """Find the account of a request; `ApiError` 403 for a missing, wrong or revoked key."""
        key = request.headers.get(KEY_HEADER) or _browser_key(request)
        if not key or (self._keys and key not in self._keys) or self.faults.peek(Fault.KEY_REVOKED):
            raise ApiError(403, "Invalid API key")
        return self.limits(key)

    def limits(self, key: str) -> Limits:
        """Return what an account has used of its plan."""
        return self._accounts.setdefault(key, Limits(self._plan))

    def check_model(self, model: str) -> None:
        """Refuse a model that has been withdrawn: `ApiError` 400."""
        withdrawn = self.faults.peek(Fault.MODEL_WITHDRAWN)
        if model in catalogue.DEPRECATED_TTS or (withdrawn and withdrawn.text == model):
            raise ApiError(400, f"Model {model} is deprecated. Please use bulbul:v3 or a newer model.")

    def check_credits(self) -> None:
        """Refuse when the credits are gone: `ApiError` 429 quota."""
        if self.faults.peek(Fault.CREDITS_GONE):
            raise ApiError(429, "You have no credits left", code="insufficient_quota_error")

    async def hear(self, pcm: bytes, language: str | None, path: str) -> Heard:
        """Understand a finished utterance of 8 kHz PCM, and write it down."""
        heard = await asyncio.to_thread(self.recogniser.hear, pcm, language)
        at = asyncio.get_running_loop().time()
        seconds = len(pcm) / 16000
        self.journal.understood.append(Understood(at, heard.text, heard.language, seconds, heard.distance, path))
        return heard

    async def hear_so_far(self, pcm: bytes, language: str | None) -> Heard:
        """Guess the words of an unfinished utterance."""
        return await asyncio.to_thread(self.recogniser.hear_so_far, pcm, language)

    async def speak(self, text: str, language: str, *, pace: float, codec: str, path: str, request_id: str) -> bytes:
        """Render a text as 8 kHz PCM, bill it, and write it down."""
        at = asyncio.get_running_loop().time()
        wpm = round(min(450, max(80, _WORDS_A_MINUTE * pace)))
        pcm = await asyncio.to_thread(synthesise, text, language, voice=self._voice, rate_wpm=wpm)
        arrives = ulaw_decode(ulaw_encode(pcm)) if codec == "mulaw" else pcm
        ours = catalogue.ours(language) or language
        self.journal.rendered.append(Rendered(at, text, ours, arrives, path, request_id))
        self.journal.usage.tts_characters += len(text)
        return pcm


def _browser_key(request: web.Request) -> str | None:
    """Read the key of a browser, which can set no header: it stands in the sub-protocol."""
    for protocol in request.headers.get("Sec-WebSocket-Protocol", "").split(","):
        name, _, key = protocol.strip().partition(".")
        if name == KEY_HEADER:
            return key
    return None
