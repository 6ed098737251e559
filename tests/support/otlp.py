"""Takes in traces as a collector does, and keeps them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc.aio
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as pb_grpc


@dataclass(frozen=True)
class Span:
    """What was traced."""

    service: str
    name: str
    trace_id: str
    """In hexadecimal."""


@dataclass
class Collector(pb_grpc.TraceServiceServicer):
    """What came, in the order of its coming."""

    address: str = ""
    spans: list[Span] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    """All of it, as text: attributes, events and statuses too."""

    async def Export(self, request: pb.ExportTraceServiceRequest, _: Any) -> pb.ExportTraceServiceResponse:
        """Keep the spans of one batch."""
        for resource in request.resource_spans:
            service = next(a.value.string_value for a in resource.resource.attributes if a.key == "service.name")
            for scope in resource.scope_spans:
                self.spans += [Span(service, span.name, span.trace_id.hex()) for span in scope.spans]
                # As UTF-8: protobuf's own text escapes every letter that is not ASCII.
                self.texts += [span.SerializeToString().decode("utf-8", errors="replace") for span in scope.spans]
        return pb.ExportTraceServiceResponse()


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """Take in traces on a free port of the loopback while the block lasts."""
    server, collector = grpc.aio.server(), Collector()
    register: Any = pb_grpc.add_TraceServiceServicer_to_server  # it has no types
    register(collector, server)
    port = server.add_insecure_port("127.0.0.1:0")
    collector.address = f"http://127.0.0.1:{port}"
    await server.start()
    try:
        yield collector
    finally:
        await server.stop(None)
