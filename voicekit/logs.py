"""Logs: one JSON object a line on stdout, and no borrower in any of them.

A line is a fixed sentence with fields. `bind(call_id=...)` adds fields to every line of the task that follows.
The files that users know are made of the same lines: see `voicekit.log_files`.
"""

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final, Literal

import structlog

from voicekit.log_files import open_log_files

LogFormat = Literal["json", "text"]

bind = structlog.contextvars.bind_contextvars
"""Add fields to every later line of this task and of the tasks it starts."""

_PERSONAL_FIELDS: Final = frozenset(
    {"name", "customer_name", "phone", "phone_number", "loan_id", "amount", "text", "words", "transcript", "api_key"}
)
_PHONE: Final = re.compile(r"(?<!\w)(?:\+?91|0)?[6-9]\d{5}(\d{4})(?!\w)")
_MASKED: Final = re.compile(r"\*{6}\d{4}|\[\d+ characters\]")


def mask_phone(number: str) -> str:
    """Return `number` with all but its last four digits hidden: ******0012."""
    return f"******{number[-4:]}"


def mask_words(text: str) -> str:
    """Return how much somebody said, and nothing of what: [14 characters]."""
    return f"[{len(text)} characters]"


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
        event[key] = _hidden(key, value)
    return event


def _hidden(key: str, value: Any) -> Any:
    if key in _PERSONAL_FIELDS and not (isinstance(value, str) and _MASKED.fullmatch(value)):
        return "[hidden]"
    if isinstance(value, str):
        return _PHONE.sub(r"******\1", value)
    if isinstance(value, Mapping):
        return {inner: _hidden(str(inner), each) for inner, each in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden("", each) for each in value]
    return value


def _error_without_text(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["trace"] = trace_of(error)
    return event


_SHARED: Final[list[structlog.typing.Processor]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _error_without_text,
    _hide_personal,
]


def _formatter(log_format: LogFormat) -> structlog.stdlib.ProcessorFormatter:
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )


def _is_news(record: logging.LogRecord) -> bool:
    """Leave out what gRPC takes for a failure: that whoever listened to a stream has hung up, as at every barge-in."""
    return "ExecuteBatchError raised in core" not in record.getMessage()


def set_up_logs(
    service: str, *, level: str = "INFO", log_format: LogFormat = "json", directory: Path | None = None
) -> None:
    """Send every log line of this process to stdout, those of libraries too, and to files below `directory`."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_formatter(log_format))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # Libraries tell of every request and connection; what matters of it, we tell ourselves.
    for chatty in ("aiohttp.access", "httpx", "httpcore", "botocore", "urllib3", "asyncio", "opentelemetry"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    logging.getLogger("grpc._cython.cygrpc").addFilter(_is_news)
    bind(service=service)
    if directory:
        _add_files(root, directory, service)


def _add_files(root: logging.Logger, directory: Path, service: str) -> None:
    log = structlog.get_logger(__name__)
    try:
        files = open_log_files(directory, service, _formatter("json"))
    except OSError:
        # A disk is no reason not to take calls: stdout has it all.
        log.exception("The log files cannot be written.", directory=str(directory))
        return
    root.addHandler(files.handler)
    log.info("Log files are written.", directory=str(files.folder))
