"""What a realtime session is asked for, in its query and later."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from emulators.sarvam import catalogue
from emulators.sarvam.codecs import BYTES_A_SAMPLE

AT_ONCE: Final = ("threshold", "silence_duration_ms", "min_speech_duration_ms")
"""What `config.update` changes at once."""
AT_BOUNDARY: Final = ("language_code", "mode", "prompt", "stream_type", "endpointing")
"""What it changes at the next utterance."""
_NUMBERS: Final[Mapping[str, type]] = {
    "threshold": float,
    "sample_rate": int,
    "prefix_padding_ms": int,
    "silence_duration_ms": int,
    "min_speech_duration_ms": int,
}


@dataclass(frozen=True, slots=True)
class Config:
    """What the query asks for, completed by defaults."""

    language_code: str
    model: str = "saaras:v3-realtime"
    stream_type: str = "balanced"
    mode: str = "transcribe"
    prompt: str = ""
    endpointing: str = "vad"
    encoding: str = "linear16"
    sample_rate: int = 16000
    return_timestamps: bool = False
    threshold: float = 0.5
    prefix_padding_ms: int = 300
    silence_duration_ms: int = 500
    min_speech_duration_ms: int = 250

    def check(self) -> None:
        """Refuse a combination that the service does not take: `ValueError`."""
        wrong = [
            name
            for name, allowed in {
                "language_code": catalogue.HEARD_BY_REALTIME,
                "model": catalogue.REALTIME_MODELS,
                "stream_type": catalogue.STREAM_TYPES,
                "mode": catalogue.MODES,
                "endpointing": {"vad", "manual"},
                "encoding": BYTES_A_SAMPLE,
                "sample_rate": {8000, 16000},
            }.items()
            if getattr(self, name) not in allowed
        ]
        if wrong or not 0 <= self.threshold <= 1:
            raise ValueError(f"invalid {', '.join(wrong) or 'threshold'}")

    def echo(self) -> dict[str, Any]:
        """Tell what was resolved, as `session.begin` does."""
        return {
            "model": self.model,
            "language_code": self.language_code,
            "encoding": self.encoding,
            "sample_rate": self.sample_rate,
            "stream_type": self.stream_type,
            "mode": self.mode,
            "turn_detection": self.endpointing,
            "threshold": self.threshold,
            "prefix_padding_ms": self.prefix_padding_ms,
            "silence_duration_ms": self.silence_duration_ms,
            "min_speech_duration_ms": self.min_speech_duration_ms,
            "return_timestamps": self.return_timestamps,
        }


def read_config(query: Mapping[str, str]) -> Config:
    """Read the query; names that nobody knows are ignored, as the service does. `ValueError` for a wrong value."""
    names = [item.name for item in fields(Config) if item.name in query]
    given: dict[str, Any] = {name: _NUMBERS.get(name, str)(query[name]) for name in names}
    given.setdefault("language_code", "")
    given["return_timestamps"] = query.get("return_timestamps", "false").lower() == "true"
    config = Config(**given)
    config.check()
    _check_keyterms(query.get("keyterms"), config.model)
    return config


def _check_keyterms(keyterms: str | None, model: str) -> None:
    if keyterms is None:
        return
    terms = json.loads(keyterms)
    if model != catalogue.KEYTERM_MODEL or not isinstance(terms, list) or len(terms) > 50:
        raise ValueError("invalid keyterms")
    if any(not isinstance(term, str) or len(term) > 64 for term in terms):
        raise ValueError("invalid keyterms")


def updated(config: Config, message: Mapping[str, Any]) -> Config:
    """Apply a `config.update`; `ValueError` or `TypeError` for what cannot change so."""
    given = {name: message[name] for name in (*AT_ONCE, *AT_BOUNDARY) if name in message}
    changed = replace(config, **{name: _NUMBERS.get(name, str)(value) for name, value in given.items()})
    changed.check()
    if (changed.stream_type == "simulated") != (config.stream_type == "simulated"):
        raise ValueError("stream_type cannot change to or from simulated")
    return changed
