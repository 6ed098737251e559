"""Traces and metrics, through OpenTelemetry. No borrower is in a span or a label."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from opentelemetry import metrics, trace
from opentelemetry.metrics import Histogram
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0)


def tracer() -> trace.Tracer:
    """Return what makes spans; it does nothing until `set_up_telemetry` was told where traces go."""
    return trace.get_tracer("voice")


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
        traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=otlp_endpoint)))
        trace.set_tracer_provider(traces)
    if metrics_port:
        from opentelemetry.exporter.prometheus import PrometheusMetricReader  # noqa: PLC0415 -- only where it is used
        from prometheus_client import start_http_server  # noqa: PLC0415

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
