"""The dialog service: `python -m services.dialog`."""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager

from services.dialog.bedrock import BedrockModel
from services.dialog.deciding import Decider
from services.dialog.office import Office
from services.dialog.reading import languages_of_state, read, warm_up
from services.dialog.servicer import SERVICE, DialogServicer
from services.dialog.settings import Settings
from voice.dialog.v1 import add_DialogServiceServicer_to_server
from voicekit.process import run
from voicekit.rpc import RpcServer
from voicekit.settings import load


def main() -> None:
    """Read the settings and serve until told to stop."""
    settings = load(Settings, program="python -m services.dialog", description=__doc__ or "")

    async def serve(stop: asyncio.Event) -> None:
        model = make_model(settings)
        with loading_for_good():
            warm_up()
            if model:
                model.load()
        server = make_server(settings, model)
        await server.start()
        # Beside the serving: the rules lead calls whether the model answers or not.
        warming = asyncio.create_task(model.warm_up(), name="warm up") if model else None
        await stop.wait()
        if warming:
            warming.cancel()
        await server.drain(settings.drain_seconds)
        if model:
            model.close()

    run("dialog", settings, serve)


@contextmanager
def loading_for_good() -> Iterator[None]:
    """Load what stays as long as the process, and let no collection of garbage go through it: now, or during a call."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def make_model(settings: Settings) -> BedrockModel | None:
    """Return the model that the settings name; None for the rules alone."""
    if not settings.claude_intent_model_id:
        return None
    return BedrockModel(
        settings.claude_intent_model_id,
        region=settings.aws_region,
        family=settings.claude_intent_model_family,
        endpoint_url=settings.aws_endpoint_url_bedrock_runtime,
        access_key_id=settings.aws_access_key_id,
        secret_access_key=settings.aws_secret_access_key.get_secret_value(),
        session_token=settings.aws_session_token.get_secret_value(),
        threads=settings.bedrock_threads,
    )


def make_server(settings: Settings, model: BedrockModel | None) -> RpcServer:
    """Return the server, with all its parts, not yet started."""
    office = Office(
        read,
        Decider(model, deadline_s=settings.intent_deadline_seconds),
        languages_of_state,
        accept_go_ahead=settings.rpv_accept_go_ahead,
        agent_hours=settings.agents_from_to,
        now=settings.clock,
    )
    server = RpcServer("dialog", settings.dialog_listen, reflection_on=settings.environment == "development")
    server.add(add_DialogServiceServicer_to_server, DialogServicer(office), SERVICE)
    return server


if __name__ == "__main__":
    main()
