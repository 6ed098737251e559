"""Who speaks: model, speaker and pace at Sarvam, and what both of its ways of speaking have in common.

`pitch` and `loudness` are never sent: this model has accepted and refused them by turns.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.speech.sarvam import error_of, number, to_sarvam
from voicekit.audio import SAMPLE_RATE
from voicekit.errors import ProviderDown


@dataclass(frozen=True, slots=True)
class Voice:
    """How our lines sound."""

    model: str = "bulbul:v3"
    speaker: str = "priya"
    speakers: Mapping[str, str] = field(default_factory=dict)
    """Speakers of single languages, by our code; the rest has `speaker`."""
    pace: float = 1.0
    temperature: float | None = None
    """How much renditions differ, 0.01 to 1; None for the model's own."""

    def name(self, language: str) -> str:
        """Return the whole of what makes an audio of a text: the same name, the same voice."""
        speaker = self.speakers.get(language, self.speaker)
        return f"{self.model}/{speaker}/{self.pace}/{self.temperature or '-'}/{SAMPLE_RATE}"

    def parameters(self, language: str) -> dict[str, Any]:
        """Return the request's fields, all but the text and the model."""
        parameters = {
            "language_code": to_sarvam(language),
            "speaker": self.speakers.get(language, self.speaker).lower(),
            "pace": self.pace,
            "speech_sample_rate": SAMPLE_RATE,
            "output_audio_codec": "linear16",
        }
        return parameters if self.temperature is None else {**parameters, "temperature": self.temperature}


def decode(audio: object) -> bytes:
    """Read base64; `ProviderDown` when it is none."""
    try:
        return base64.b64decode(audio, validate=True) if isinstance(audio, str | bytes) else b""
    except binascii.Error:
        raise ProviderDown("Sarvam sent audio that is no base64") from None


def without_header(piece: bytes) -> bytes:
    """Return a first piece of audio without a WAV header, if it has one.

    Raises `ProviderDown` when the header tells of other audio than was asked for: it would be noise.
    """
    if not piece.startswith(b"RIFF"):
        return piece
    channels, rate, bits = piece[22:24], piece[24:28], piece[34:36]
    if (int.from_bytes(channels, "little"), int.from_bytes(rate, "little")) != (1, SAMPLE_RATE) or bits != b"\x10\0":
        raise ProviderDown("Sarvam sent audio of another kind than was asked for")
    data = piece.find(b"data", 36)
    return piece[data + 8 :] if data >= 0 else b""


def error_in(data: Mapping[str, Any]) -> ProviderDown:
    """Return what an error message on the socket means; its status may be a number, a text, or part of the message."""
    told = re.match(r"\s*(\d{3})\b", str(data.get("message", "")))
    status = number(data.get("code")) or number(told.group(1) if told else None)
    return error_of(int(status), "") if status else ProviderDown("Sarvam's socket reported an error")
