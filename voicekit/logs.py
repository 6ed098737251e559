"""Logs: one JSON object a line on stdout, and no borrower in any of them.

A line is a fixed sentence with fields. `bind(call_id=...)` adds fields to every line of the task that follows.
"""

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, Literal

import structlog

LogFormat = Literal["json", "text"]

bind = structlog.contextvars.bind_contextvars
"""Add fields to every later line of this task and of the tasks it starts."""

_PERSONAL_FIELDS: Final = frozenset(
    {"name", "customer_name", "phone", "phone_number", "loan_id", "amount", "text", "words", "transcript", "api_key"}
)
_PHONE: Final = re.compile(r"(?<!\w)(?:\+?91|0)?[6-9]\d{5}(\d{4})(?!\w)")


def mask_phone(number: str) -> str:
    """Return `number` with all but its last four digits hidden: ******0012."""
    return f"******{number[-4:]}"


def trace_of(error: BaseException) -> list[str]:
    """Return where `error` came from, innermost last, without its text: that may hold what a borrower said."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames[-12:]]
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            lines += [f"in the group: {type(inner).__name__}", *trace_of(inner)]
    return lines


def _hide_personal(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Hide what should never have come here: the last net, not the rule."""
    for key, value in event.items():
        if key in _PERSONAL_FIELDS:
            event[key] = "[hidden]"
        elif isinstance(value, str):
            event[key] = _PHONE.sub(r"******\1", value)
    return event


def _error_without_text(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["trace"] = trace_of(error)
    return event


def set_up_logs(service: str, *, level: str = "INFO", log_format: LogFormat = "json") -> None:
    """Send every log line of this process to stdout, those of libraries too."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _error_without_text,
        _hide_personal,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # Libraries tell of every request and connection; what matters of it, we tell ourselves.
    for chatty in ("aiohttp.access", "httpx", "httpcore", "botocore", "urllib3", "asyncio", "opentelemetry"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    structlog.contextvars.bind_contextvars(service=service)
