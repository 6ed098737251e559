"""Starts speech: `python -m services.speech`."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from services.speech.answering import AnsweringRules
from services.speech.breaker import Breaker
from services.speech.hearing import Ears
from services.speech.limits import LiveLimit
from services.speech.ports import Limit, Recogniser
from services.speech.recorded import RecordedPrompts
from services.speech.redis_limits import RedisLimit
from services.speech.redis_store import RedisStore
from services.speech.sarvam import SarvamAccount
from services.speech.sarvam_legacy import SarvamLegacy
from services.speech.sarvam_realtime import SarvamRealtime
from services.speech.sarvam_rest import SarvamRest
from services.speech.sarvam_tts_rest import SarvamTtsRest
from services.speech.sarvam_tts_socket import SarvamTtsSocket
from services.speech.sarvam_voice import Voice
from services.speech.servicer import SpeechServicer
from services.speech.settings import Settings
from services.speech.speaking import Speaking
from services.speech.stores import MemoryStore
from services.speech.turns import Patience, TurnRules
from services.speech.vad import VoiceModel
from voice.speech.v1 import add_SpeechServiceServicer_to_server
from voicekit import process
from voicekit.rpc import RpcServer
from voicekit.settings import load

SERVICE_NAME = "voice.speech.v1.SpeechService"
_KEPT_FOR_LIVE: Final = 5
"""One in so many requests is kept for lines that a borrower waits for."""
_WORDS_TAKE_MS: Final = 200
"""A turn whose words are not known ends so much later at least."""


class SharedRedis:
    """Redis, with what tells whether it is worth asking."""

    def __init__(self, url: str) -> None:
        self.client = redis.asyncio.Redis.from_url(
            url, socket_timeout=0.4, socket_connect_timeout=0.4, retry=Retry(NoBackoff(), 0)
        )
        self.breaker = Breaker()


def limit(shared: SharedRedis, settings: Settings, api: str, per_minute: int, alone: int) -> RedisLimit:
    """Make the limit that all pods share for one of the account's interfaces; `alone` holds while Redis is away."""
    account = hashlib.sha256(settings.sarvam_api_key.get_secret_value().encode()).hexdigest()[:12]
    alone = min(per_minute, alone)
    return RedisLimit(shared.client, shared.breaker, api=api, key=account, limit=per_minute, alone_limit=alone)


def speaking_limits(shared: SharedRedis, settings: Settings) -> tuple[Limit, Limit]:
    """Make the limit of lines that are prepared, and that of lines for which a borrower waits: together the plan's."""
    per_minute, alone = settings.tts_requests_per_minute, settings.requests_per_minute_alone
    kept, kept_alone = per_minute // _KEPT_FOR_LIVE, max(1, alone // _KEPT_FOR_LIVE)
    common = limit(shared, settings, "sarvam-tts", per_minute - kept, max(1, alone - kept_alone))
    if not kept:
        return common, common
    return common, LiveLimit(common, limit(shared, settings, "sarvam-tts-live", kept, kept_alone))


def ears(settings: Settings, account: SarvamAccount, shared: SharedRedis) -> Ears:
    """Make what hears."""
    ways: list[Recogniser] = [
        SarvamRealtime(
            account,
            path=settings.sarvam_stt_realtime_path,
            model=settings.sarvam_stt_realtime_model,
            stream_type=settings.sarvam_stt_stream_type,
            mode=settings.sarvam_stt_mode,
            encoding=settings.sarvam_stt_encoding,
        )
    ]
    model, mode = settings.sarvam_stt_model, settings.sarvam_stt_mode
    if settings.sarvam_stt_legacy_enabled:
        ways.append(SarvamLegacy(account, path=settings.sarvam_stt_legacy_path, model=model, mode=mode))
    alone = settings.requests_per_minute_alone
    requests = limit(shared, settings, "sarvam-stt", settings.stt_requests_per_minute, alone)
    return Ears(
        VoiceModel(),
        ways,
        SarvamRest(account, requests, model=model, mode=mode),
        rules=AnsweringRules(budget_s=settings.transcript_budget_seconds),
        turn_rules=turn_rules(settings),
    )


def turn_rules(settings: Settings) -> TurnRules:
    """Return how turns are taken."""

    usual = TurnRules()

    def patience(rule: Patience, ask_ms: int, end_ms: int) -> Patience:
        return Patience(ask_ms, end_ms, max(rule.at_most_ms, end_ms + _WORDS_TAKE_MS))

    return TurnRules(
        barge_in_ms=settings.turn_barge_in_ms,
        short=patience(usual.short, settings.turn_short_ask_ms, settings.turn_short_ms),
        open=patience(usual.open, settings.turn_open_ask_ms, settings.turn_open_ms),
    )


@asynccontextmanager
async def voice(settings: Settings, account: SarvamAccount, shared: SharedRedis) -> AsyncIterator[Speaking]:
    """Make what speaks, and end all its speech with the block."""
    spoken = Voice(
        model=settings.sarvam_tts_model,
        speaker=settings.sarvam_voice,
        speakers=settings.sarvam_voices,
        pace=settings.sarvam_tts_pace,
        temperature=settings.sarvam_tts_temperature,
    )
    socket = SarvamTtsSocket(account, spoken, path=settings.sarvam_tts_path, warm=settings.sarvam_tts_warm_sockets)
    prepared, live = speaking_limits(shared, settings)
    speaking = Speaking(
        [socket, SarvamTtsRest(account, spoken)],
        prepared,
        RedisStore(shared.client, shared.breaker),
        voice_name=spoken.name,
        memory=MemoryStore(settings.speech_memory_mb << 20),
        live_limit=live,
        recorded=RecordedPrompts(settings.speech_recorded_prompts_dir).find,
    )
    async with socket.running():
        try:
            yield speaking
        finally:
            await speaking.aclose()


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[RpcServer]:
    """Serve as long as the block lasts; the server tells its port."""
    async with AsyncExitStack() as stack:
        shared = SharedRedis(settings.redis_url)
        stack.push_async_callback(shared.client.aclose)
        account = await stack.enter_async_context(
            SarvamAccount.open(
                key=settings.sarvam_api_key.get_secret_value(),
                http_base=settings.sarvam_http_base,
                ws_base=settings.sarvam_ws_base,
            )
        )
        speaking = await stack.enter_async_context(voice(settings, account, shared))
        servicer = SpeechServicer(ears(settings, account, shared), speaking)
        development = settings.environment == "development"
        server = RpcServer("speech", settings.speech_listen, reflection_on=development, media=True)
        server.add(add_SpeechServiceServicer_to_server, servicer, SERVICE_NAME)
        await server.start()
        try:
            yield server
        finally:
            await server.set_ready(False)
            servicer.drain()
            await server.drain(settings.drain_seconds)


def main() -> None:
    """Read the settings and serve until told to stop."""
    settings = load(Settings, program="python -m services.speech", description="Hearing and speaking for calls.")

    async def serve(stop: asyncio.Event) -> None:
        async with serving(settings):
            await stop.wait()

    process.run("speech", settings, serve)


if __name__ == "__main__":
    main()
