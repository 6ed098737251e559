"""What a deployment of speech may change."""

from pathlib import Path
from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, SecretStr

from voicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    """Read from the environment by `__main__` alone."""

    speech_listen: str = "0.0.0.0:50052"
    """host:port on which speech listens."""

    redis_url: str = "redis://localhost:6379/0"
    """Where rendered lines and the provider's limits are shared; speech works without it, alone."""

    sarvam_api_key: SecretStr
    """The account at Sarvam; prints as stars."""

    sarvam_http_base: str = "https://api.sarvam.ai"
    """Where Sarvam answers requests."""

    sarvam_ws_base: str = "wss://api.sarvam.ai"
    """Where Sarvam opens sockets."""

    sarvam_stt_realtime_path: str = "/speech-to-text-realtime/ws"
    """The realtime recogniser's path."""

    sarvam_stt_realtime_model: str = "saaras:v3-realtime"
    """Its model."""

    sarvam_stt_stream_type: Literal["fast", "balanced", "simulated"] = "fast"
    """How it trades haste for accuracy."""

    sarvam_stt_encoding: Literal["mulaw", "linear16"] = "mulaw"
    """How audio goes to it; mulaw is half the bytes, and what a telephone line carries anyway."""

    sarvam_stt_legacy_enabled: bool = True
    """Whether the older socket is tried when the realtime one refuses or keeps failing."""

    sarvam_stt_legacy_path: str = "/speech-to-text/ws"
    """The older recogniser's path."""

    sarvam_stt_model: str = "saaras:v3"
    """Model of the older socket and of requests with whole utterances."""

    sarvam_stt_mode: Literal["transcribe", "verbatim", "translit", "codemix"] = "transcribe"
    """How final words are written."""

    sarvam_tts_path: str = "/text-to-speech/ws"
    """The speaking socket's path."""

    sarvam_tts_model: str = "bulbul:v3"
    """The speaking model."""

    sarvam_voice: str = "priya"
    """The speaker of all languages that have none of their own; must belong to the model."""

    sarvam_voices: dict[str, str] = Field(default_factory=dict)
    """Speakers of single languages, as JSON: {"ta-IN": "kavitha"}."""

    sarvam_tts_pace: float = Field(1.0, ge=0.5, le=2.0)
    """How fast lines are spoken."""

    sarvam_tts_temperature: float | None = Field(None, ge=0.01, le=1.0)
    """How much renditions of one text differ; empty for the model's own."""

    sarvam_tts_warm_sockets: NonNegativeInt = 1
    """Speaking sockets kept open for the next line; they count towards the plan's sockets."""

    tts_requests_per_minute: PositiveInt = 60
    """Lines that all pods together may ask of the provider in any minute."""

    stt_requests_per_minute: PositiveInt = 60
    """Utterances that all pods together may send as requests in any minute."""

    requests_per_minute_alone: PositiveInt = 15
    """The share of each that a pod allows itself while Redis does not answer."""

    speech_memory_mb: PositiveInt = 32
    """Rendered lines kept in the process."""

    speech_recorded_prompts_dir: Path | None = None
    """Folder of recorded prompts with its manifest.json; they go before synthesis."""

    turn_short_ask_ms: PositiveInt = 128
    """Pause in an answer that is to be short, after which its words are asked for."""

    turn_short_ms: PositiveInt = 320
    """Pause that ends it when they have come."""

    turn_open_ask_ms: PositiveInt = 320
    """The same pauses in any other answer: to ask for its words,"""

    turn_open_ms: PositiveInt = 640
    """and to end it when they have come."""

    turn_barge_in_ms: PositiveInt = 480
    """Unbroken speech that takes the floor from us; three times as much when no words of it are known."""

    transcript_budget_seconds: PositiveFloat = 4.0
    """How long a turn's words may take before the turn goes on without."""
