import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from voice.dialog import v1 as dialog_pb
from voicekit import telemetry
from voicekit.rpc import RpcServer, channel
from voicekit.telemetry import call_span, note_span, trace_headers

FULL_NAME = "voice.dialog.v1.DialogService"
CALL = "7b1c6f0e-3d0a-4c57-9f2e-0c1d2e3f4a5b"


class Dialog(dialog_pb.DialogServiceServicer):
    """Traces a turn as dialog does."""

    async def PlanCall(self, request: dialog_pb.PlanCallRequest, context: Any) -> dialog_pb.PlanCallResponse:
        if not request.brief.call_id:
            raise KeyError("Asha Rao owes 4550")
        return dialog_pb.PlanCallResponse(language="hi-IN")

    async def Converse(self, requests: Any, context: Any) -> AsyncIterator[dialog_pb.ConverseResponse]:
        async for _ in requests:
            note_span("dialog.answer", 0.25, intent="YES")
        yield dialog_pb.ConverseResponse()


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(telemetry, "tracer", lambda: provider.get_tracer("tried"))
    return exporter


@pytest.fixture
async def dialog() -> AsyncIterator[Any]:
    server = RpcServer("dialog", "127.0.0.1:0")
    server.add(dialog_pb.add_DialogServiceServicer_to_server, Dialog(), FULL_NAME)
    port = await server.start()
    async with channel(f"127.0.0.1:{port}", FULL_NAME) as connection:
        yield dialog_pb.DialogServiceStub(connection)
    await server.drain(0)


def traces(spans: InMemorySpanExporter) -> dict[str, set[str]]:
    """Return the traces in which spans of each name are."""
    found: dict[str, set[str]] = {}
    for span in spans.get_finished_spans():
        assert span.context
        found.setdefault(span.name, set()).add(f"{span.context.trace_id:032x}")
    return found


def told(spans: InMemorySpanExporter) -> str:
    return "\n".join(span.to_json() for span in spans.get_finished_spans())


async def test_what_a_call_asks_of_others_is_in_the_calls_own_trace(spans: InMemorySpanExporter, dialog: Any) -> None:
    async def begin() -> AsyncIterator[dialog_pb.ConverseRequest]:
        yield dialog_pb.ConverseRequest()

    request = dialog_pb.PlanCallRequest()
    request.brief.call_id = CALL
    with call_span(CALL):
        await dialog.PlanCall(request, timeout=20)
        answers = dialog.Converse(begin(), timeout=20, metadata=trace_headers())
        assert len([answer async for answer in answers]) == 1
    mine = {uuid.UUID(CALL).hex}
    assert traces(spans) == {"call": mine, f"/{FULL_NAME}/PlanCall": mine, "dialog.answer": mine}


def test_two_pods_that_lead_a_call_tell_one_trace(spans: InMemorySpanExporter) -> None:
    for _ in range(2):
        with call_span("an id of another kind"):
            note_span("turn", 1.5, state="INITIAL_GREETING")
    both = traces(spans)
    assert both["call"] == both["turn"] and len(both["call"]) == 1
    turn = next(span for span in spans.get_finished_spans() if span.name == "turn")
    assert turn.start_time and turn.end_time and turn.end_time - turn.start_time == 1_500_000_000


async def test_an_error_is_traced_without_its_text(spans: InMemorySpanExporter, dialog: Any) -> None:
    with pytest.raises(ValueError, match="Asha"), call_span(CALL):
        raise ValueError("Asha Rao said no")
    with pytest.raises(Exception, match="INTERNAL"):
        await dialog.PlanCall(dialog_pb.PlanCallRequest(), timeout=20)
    assert "Asha" not in told(spans)
    assert '"error.type": "ValueError"' in told(spans)
