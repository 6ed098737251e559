"""Traces and metrics, through OpenTelemetry. No borrower is in a span or a label.

A call is one trace, whichever pods lead it: the trace's id is made of the call's. Its spans are short and told as they
end, since a span as long as a call is lost with its pod.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

from opentelemetry import metrics, propagate, trace
from opentelemetry.context import Context, attach
from opentelemetry.metrics import Histogram
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

_INTERNAL: Final = trace.SpanKind.INTERNAL
_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0)


def tracer() -> trace.Tracer:
    """Return what makes spans; it does nothing until `set_up_telemetry` was told where traces go."""
    return trace.get_tracer("voice")


@contextmanager
def span(name: str, context: Context | None = None, *, kind: trace.SpanKind = _INTERNAL) -> Iterator[trace.Span]:
    """Trace what the block does. An error is told by its kind alone: its text may hold what a borrower said."""
    with tracer().start_as_current_span(
        name, context, kind=kind, record_exception=False, set_status_on_exception=False
    ) as begun:
        try:
            yield begun
        except BaseException as error:
            begun.set_attribute("error.type", type(error).__name__)
            begun.set_status(trace.StatusCode.ERROR)
            raise


@contextmanager
def call_span(call_id: str, name: str = "call") -> Iterator[None]:
    """Trace what the block does as a part of the call; it is the parent of whatever the block starts."""
    with span(name, _trace_of(call_id)) as begun:
        begun.set_attribute("call_id", call_id)
        yield


def _trace_of(call_id: str) -> Context:
    """Return the context of a call's trace. For an id that is a UUID, as ours are, the trace's id is the same."""
    try:
        number = uuid.UUID(call_id).int
    except ValueError:
        number = uuid.uuid5(uuid.NAMESPACE_OID, call_id).int
    parent = trace.SpanContext(
        trace_id=number,
        span_id=number & (1 << 64) - 1,
        is_remote=True,
        trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED),
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(parent), Context())


def note_span(name: str, took_s: float, **attributes: str | int | float | bool) -> None:
    """Trace what has just ended and took so many seconds, under the present span; no borrower in the attributes."""
    end = time.time_ns()
    span = tracer().start_span(name, start_time=end - int(took_s * 1e9), attributes=attributes)
    span.end(end)


def trace_headers() -> tuple[tuple[str, str], ...]:
    """Return the present trace as metadata: a stream takes it along once, when it is opened."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return tuple(carrier.items())


def follow_trace(metadata: Mapping[str, Any]) -> None:
    """Go on with the trace of whoever called, for the rest of this task."""
    attach(propagate.extract(metadata))


def meter() -> metrics.Meter:
    """Return what makes counters and histograms; make each once, when a module is loaded."""
    return metrics.get_meter("voice")


def seconds(name: str, description: str) -> Histogram:
    """Make a histogram of durations in seconds."""
    return meter().create_histogram(name, unit="s", description=description)


def set_up_telemetry(service: str, *, metrics_host: str = "", metrics_port: int = 0, otlp_endpoint: str = "") -> None:
    """Export metrics for Prometheus on `metrics_port` and traces by OTLP to `otlp_endpoint`; 0 and "" for none."""
    resource = Resource.create({"service.name": service, "service.namespace": "voice"})
    if otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 -- slow

        traces = TracerProvider(resource=resource)
        traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=otlp_endpoint, timeout=5)))
        trace.set_tracer_provider(traces)
    if metrics_port:
        from opentelemetry.exporter.prometheus import PrometheusMetricReader  # noqa: PLC0415 -- only where it is used
        from prometheus_client import start_http_server  # noqa: PLC0415 -- likewise

        view = View(instrument_unit="s", aggregation=ExplicitBucketHistogramAggregation(_BUCKETS_S))
        provider = MeterProvider(resource=resource, metric_readers=[PrometheusMetricReader()], views=[view])
        metrics.set_meter_provider(provider)
        start_http_server(metrics_port, addr=metrics_host or "0.0.0.0")


_loop_lag = seconds("event_loop_lag_seconds", "How late a timer of the event loop fires.")


@asynccontextmanager
async def watching_the_loop(every_s: float = 1.0) -> AsyncIterator[None]:
    """Measure how late the loop's timers fire, as long as the block lasts."""

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + every_s
            await asyncio.sleep(every_s)
            _loop_lag.record(max(0.0, loop.time() - due))

    task = asyncio.create_task(watch(), name="watch the loop")
    try:
        yield
    finally:
        task.cancel()
