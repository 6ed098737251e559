"""Writes `deploy/grafana/voice.json`, the Grafana dashboard, from the table below.

Run it as `python -m tools.grafana`; with `--check` it only tells whether the file is up to date.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).resolve().parent.parent / "deploy" / "grafana" / "voice.json"
_ROW_HEIGHT: Final = 7
_WIDTH: Final = 24
_DATA: Final = {"type": "prometheus", "uid": "${source}"}


@dataclass(frozen=True)
class Panel:
    """One graph."""

    title: str
    means: str
    """What is healthy, for whoever hovers over the title."""
    queries: tuple[tuple[str, str], ...]
    """PromQL, and what names a line; "" for one line without a name."""
    unit: str = "short"
    amber: float | None = None
    """The target that users know."""
    red: float | None = None
    """Where the alert is."""


def _p95(metric: str, by: str = "", matching: str = "") -> str:
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile(0.95, sum by ({labels}) (rate({metric}_bucket{matching}[$__rate_interval])))"


def _share(part: str, whole: str) -> str:
    return f"sum(increase({part}[15m])) / sum(increase({whole}[15m]))"


_FAILED: Final = 'calls_finished_total{status="failed"}'
ROWS: Final[tuple[tuple[str, tuple[Panel, ...]], ...]] = (
    (
        "What users watch",
        (
            Panel(
                "Response time",
                "From the end of the borrower's words to our first sound. 95 % under 2 s.",
                ((_p95("turn_response_seconds"), "95 %"), (_p95("greeting_seconds"), "greeting, 95 %")),
                "s",
                2,
                5,
            ),
            Panel(
                "Calls that fail through us",
                "Under 5 %. A call that is not picked up is no failure.",
                ((_share(_FAILED, "calls_finished_total"), ""),),
                "percentunit",
                0.05,
                0.1,
            ),
            Panel(
                "Memory",
                "Of each process; the container's limit stands in deploy/k8s/base.",
                (("process_resident_memory_bytes", "{{pod}}"),),
                "bytes",
            ),
            Panel(
                "Sockets",
                "Open now. Steady while calls are made.",
                (("sum by (socket) (ws_connections)", "{{socket}}"),),
            ),
            Panel(
                "Sockets lost",
                "Closed without a word, of all that closed. Under 1 %.",
                ((_share("ws_abnormal_close_total", "ws_close_total"), ""),),
                "percentunit",
                0.01,
                0.05,
            ),
            Panel(
                "Database",
                "95 % under 100 ms.",
                (
                    (_p95("db_client_operation_duration_seconds"), "all, 95 %"),
                    (_p95("db_client_operation_duration_seconds", "db_operation_name"), "{{db_operation_name}}"),
                ),
                "s",
                0.1,
                0.5,
            ),
        ),
    ),
    (
        "Calls",
        (
            Panel(
                "Calls that ended",
                "By status and reason, an hour.",
                (("sum by (status, reason) (increase(calls_finished_total[1h]))", "{{status}} {{reason}}"),),
            ),
            Panel("Lines in use", "Under 60 % of MAX_CALLS a pod.", (("call_slots_used", "{{pod}}"),), red=45),
            Panel(
                "Conversations",
                "By what they came to, an hour.",
                (("sum by (disposition) (increase(dialog_conversations_total[1h]))", "{{disposition}}"),),
            ),
            Panel(
                "Answers of borrowers",
                "By what decided their meaning.",
                (("sum by (decided_by) (increase(dialog_answers_total[15m]))", "{{decided_by}}"),),
            ),
            Panel(
                "Languages",
                "Of borrowers' answers, an hour.",
                (("sum by (language) (increase(dialog_answers_total[1h]))", "{{language}}"),),
            ),
            Panel(
                "What is not settled",
                "Calls of which the carrier did not tell; events that contradict the record. Near none.",
                (
                    ("sum(increase(dial_unknown_total[15m]))", "unknown"),
                    ("sum(increase(status_conflict_total[15m]))", "contradicted"),
                ),
                amber=1,
                red=5,
            ),
        ),
    ),
    (
        "Providers",
        (
            Panel(
                "Sarvam: words",
                "From the end of a turn to its words; by the way they came.",
                ((_p95("speech_transcript_seconds", "source"), "{{source}}"),),
                "s",
            ),
            Panel(
                "Sarvam: ways of words",
                "Mostly realtime; none means that nothing was understood.",
                (("sum by (source) (increase(speech_transcripts_total[15m]))", "{{source}}"),),
            ),
            Panel(
                "Sarvam: voice",
                "From asking for a line to its first sound.",
                ((_p95("speech_first_audio_seconds"), "95 %"),),
                "s",
                1,
                2,
            ),
            Panel(
                "Lines",
                "By where they came from: memory and Redis cost nothing.",
                (("sum by (from) (increase(speech_lines_total[15m]))", "{{from}}"),),
            ),
            Panel(
                "Bedrock",
                "How long the model is waited for, at most 2 s.",
                ((_p95("intent_model_seconds"), "95 %"),),
                "s",
                1,
                2,
            ),
            Panel(
                "Bedrock: answers",
                "By outcome; late, Overloaded and ProviderDown leave the rules alone.",
                (("sum by (outcome) (increase(intent_model_answers_total[15m]))", "{{outcome}}"),),
            ),
        ),
    ),
    (
        "Ourselves",
        (
            Panel(
                "The event loop",
                "How late its timers fire. 99 % under 20 ms.",
                (
                    (
                        "histogram_quantile(0.99, sum by (le, pod) "
                        "(rate(event_loop_lag_seconds_bucket[$__rate_interval])))",
                        "{{pod}}",
                    ),
                ),
                "s",
                0.02,
                0.05,
            ),
            Panel(
                "RPCs",
                "95 % by method.",
                ((_p95("rpc_server_call_duration_seconds", "rpc_method"), "{{rpc_method}}"),),
                "s",
            ),
            Panel(
                "HTTP",
                "Requests by status, a second.",
                (
                    (
                        "sum by (http_response_status_code) "
                        "(rate(http_server_request_duration_seconds_count[$__rate_interval]))",
                        "{{http_response_status_code}}",
                    ),
                ),
                "reqps",
            ),
            Panel(
                "Events that wait for the record",
                "Age of the oldest. Seconds at most, while Postgres is there.",
                (("outbox_age_seconds", "{{pod}}"),),
                "s",
                10,
                120,
            ),
            Panel("Gaps in sound", "Lines that ran dry.", (("sum(increase(audio_gap_total[15m]))", ""),), amber=1),
            Panel(
                "Log lines left out",
                "Of the files; stdout has them. None.",
                (("sum by (pod, why) (increase(log_lines_dropped_total[15m]))", "{{pod}} {{why}}"),),
                amber=1,
            ),
        ),
    ),
)


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana reads it."""
    panels: list[dict[str, Any]] = []
    y = 0
    for title, row in ROWS:
        place = {"h": 1, "w": _WIDTH, "x": 0, "y": y}
        panels.append({"id": len(panels) + 1, "type": "row", "title": title, "gridPos": place, "collapsed": False})
        y += 1
        for at, panel in enumerate(row):
            width = _WIDTH // 3
            place = {"h": _ROW_HEIGHT, "w": width, "x": at % 3 * width, "y": y + at // 3 * _ROW_HEIGHT}
            panels.append(_graph(panel, len(panels) + 1, place))
        y += -(-len(row) // 3) * _ROW_HEIGHT
    source = {"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
    return {
        "uid": "voice",
        "title": "Voice",
        "description": "Calls, providers and ourselves. Alerts, and what to do: docs/operations.md.",
        "tags": ["voice"],
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "Asia/Kolkata",
        "templating": {"list": [source]},
        "panels": panels,
    }


def _graph(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    steps += [{"color": "orange", "value": panel.amber}] if panel.amber is not None else []
    steps += [{"color": "red", "value": panel.red}] if panel.red is not None else []
    drawn = {"lineWidth": 1, "thresholdsStyle": {"mode": "line" if len(steps) > 1 else "off"}}
    return {
        "id": number,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.means,
        "datasource": _DATA,
        "gridPos": place,
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "min": 0,
                "custom": drawn,
                "thresholds": {"mode": "absolute", "steps": steps},
            },
            "overrides": [],
        },
        "targets": [
            {"refId": chr(ord("A") + at), "datasource": _DATA, "expr": expr, "legendFormat": legend or panel.title}
            for at, (expr, legend) in enumerate(panel.queries)
        ],
    }


def main() -> int:
    """Write the file, or with `--check` compare it; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.grafana", description="Write deploy/grafana/voice.json.")
    parser.add_argument("--check", action="store_true", help="only tell whether the file is up to date")
    text = json.dumps(dashboard(), indent=2) + "\n"
    if parser.parse_args().check:
        if FILE.exists() and FILE.read_text(encoding="utf-8") == text:
            return 0
        print(f"{FILE} is not up to date: run python -m tools.grafana", file=sys.stderr)
        return 1
    FILE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
