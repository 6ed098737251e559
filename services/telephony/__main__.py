"""Runs telephony: `python -m services.telephony --help`."""

import asyncio
from contextlib import AsyncExitStack

from services.telephony import grpc_customers, grpc_dialog, grpc_speech
from services.telephony.exotel import ExotelCarrier, exotel_client
from services.telephony.redis_sessions import RateLimit, RedisSessions
from services.telephony.service import Outside, Telephony, addresses_of
from services.telephony.servicer import SERVICE
from services.telephony.settings import Settings
from voice.telephony.v1 import add_TelephonyServiceServicer_to_server
from voicekit.process import run
from voicekit.rpc import CALLS_PER_CHANNEL, ChannelPool, RpcServer, channel
from voicekit.settings import load

STREAM_MARGIN = 60.0
"""Seconds that a stream may outlive the longest call."""


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Put the outside together, and serve until `stop` is set."""
    longest = settings.call_seconds + STREAM_MARGIN
    async with AsyncExitStack() as stack:
        speech = ChannelPool(
            settings.speech_address,
            grpc_speech.SERVICE,
            size=-(-settings.max_calls // CALLS_PER_CHANNEL),
            retryable=grpc_speech.RETRYABLE,
        )
        stack.push_async_callback(speech.close)
        dialog = channel(settings.dialog_address, grpc_dialog.SERVICE, retryable=grpc_dialog.RETRYABLE)
        calls = channel(settings.customers_address, grpc_customers.CALLS, retryable=grpc_customers.RETRYABLE_CALLS)
        customers = channel(
            settings.customers_address, grpc_customers.CUSTOMERS, retryable=grpc_customers.RETRYABLE_CUSTOMERS
        )
        for each in (dialog, calls, customers):
            stack.push_async_callback(each.close)
        sessions = RedisSessions.at(settings.redis_url.get_secret_value())
        stack.push_async_callback(sessions.close)
        client = exotel_client(
            str(settings.exotel_api_base),
            settings.exotel_api_key.get_secret_value(),
            settings.exotel_token.get_secret_value(),
        )
        stack.push_async_callback(client.aclose)
        speech_client = grpc_speech.GrpcSpeech(speech, longest_call=longest)
        stack.push_async_callback(speech_client.close)
        outside = Outside(
            speech=speech_client,
            dialog=grpc_dialog.GrpcDialog(dialog, longest_call=longest),
            customers=grpc_customers.GrpcCustomers(calls, customers),
            carrier=ExotelCarrier(
                client,
                settings.exotel_sid,
                flow_url=settings.flow_url,
                exophone=settings.exotel_virtual_number,
                ring_seconds=settings.ring_seconds,
                call_seconds=settings.call_seconds,
                may_ask=RateLimit(sessions, "exotel", "connect", settings.exotel_requests_per_minute).ask,
            ),
            sessions=sessions,
        )
        telephony = await stack.enter_async_context(Telephony(settings, outside, addresses_of(settings)))
        development = settings.environment == "development"
        rpc = RpcServer("telephony", settings.telephony_listen, reflection_on=development)
        rpc.add(add_TelephonyServiceServicer_to_server, telephony.servicer, SERVICE)
        await rpc.start()
        await stop.wait()
        await rpc.set_ready(False)
        await telephony.drain(settings.drain_seconds)
        await rpc.drain(1.0)


def main() -> None:
    """Read the settings and serve."""
    settings = load(Settings, program="python -m services.telephony", description="The phone side of the assistant.")
    run("telephony", settings, lambda stop: serve(settings, stop))


if __name__ == "__main__":
    main()
