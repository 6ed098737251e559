"""What is measured of calls."""

from collections.abc import Callable
from typing import Final

from opentelemetry.metrics import Observation

from voicekit.telemetry import meter, seconds

turn_response = seconds("turn_response_seconds", "From the end of the borrower's words to the first sound of ours.")
greeting = seconds("greeting_seconds", "From the beginning of the stream to the greeting's first sound.")
calls_finished = meter().create_counter("calls_finished_total", description="Calls that ended, by status and reason.")
audio_gaps = meter().create_counter("audio_gap_total", description="Lines that ran dry before their end.")
abnormal_closes = meter().create_counter("ws_abnormal_close_total", description="Sockets lost without a word.")
closes = meter().create_counter("ws_close_total", description="Sockets that closed, whichever way.")
sockets = meter().create_up_down_counter("ws_connections", description="Sockets that are open.")
dials_unknown = meter().create_counter("dial_unknown_total", description="Calls of which the carrier did not tell.")
VOICE: Final = {"socket": "voice"}
slots_used = meter().create_up_down_counter("call_slots_used", description="Calls on the line.")


def watch_outbox(oldest_s: Callable[[], float]) -> None:
    """Measure how old the oldest event is that waits for the record; `oldest_s` is asked from another thread."""
    meter().create_observable_gauge(
        "outbox_age_seconds", [lambda _: [Observation(oldest_s())]], description="How long the oldest event waits."
    )
