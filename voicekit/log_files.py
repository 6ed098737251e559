"""The log files that users know, written from the very lines that go to stdout, by a thread of its own.

Stdout is the truth; the files are a convenience. A file that cannot be written, or a disk that is slow or full, never
holds up the process: lines are left out then, and counted in `log_lines_dropped_total`.

Each process has a folder of its own, `LOG_DIR/<service>`: a file that two processes turn over loses lines.
"""

import atexit
import contextlib
import fcntl
import json
import logging
import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import SEEK_END, TextIOWrapper
from logging.handlers import QueueHandler, RotatingFileHandler
from pathlib import Path
from typing import Final

from opentelemetry.metrics import CallbackOptions, Observation

from voicekit.telemetry import meter

MAX_BYTES: Final = 10_000_000
BACKUPS: Final = 5
WAITING: Final = 10_000
"""Lines that may wait for the disk; further ones are left out."""
_STOP_WITHIN_S: Final = 2.0
_TOPICS: Final = ("websocket", "tts", "database", "calls")
"""Loggers with a file of their own; all others write to application.log."""
_SHOWN_FIRST: Final = ("timestamp", "level", "logger", "event")

dropped: Final[Counter[str]] = Counter()
"""Lines that did not reach a file, by why: `queue` when too many waited, `disk` when it did not take them."""


def _observe(_: CallbackOptions) -> Iterable[Observation]:
    return [Observation(dropped[why], {"why": why}) for why in ("queue", "disk")]


meter().create_observable_counter(
    "log_lines_dropped_total", [_observe], description="Lines left out of the log files; stdout has them."
)


def as_text(line: str) -> str:
    """Return a JSON line as a person reads it: time, level, logger, what happened, then key=value."""
    fields: dict[str, object] = json.loads(line)
    first = [str(fields.pop(key, "-")) for key in _SHOWN_FIRST]
    first[1] = f"{first[1].upper():7}"
    # One line each, whatever a value holds: json.dumps escapes what would begin a new one.
    rest = [
        f"{key}={value if _is_plain(value) else json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()
    ]
    return " ".join([*(part.replace("\n", "\\n").replace("\r", "\\r") for part in first), *rest])


def _is_plain(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and not any(sign in value for sign in ' "=')


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return the line as text; the queue's handler has made it JSON."""
        return as_text(record.getMessage())


class _File(RotatingFileHandler):
    """A file of 10 MB with five before it."""

    def _open(self) -> TextIOWrapper:
        """Begin on a line of its own, also where a full disk or a crash has left half a line."""
        stream = super()._open()
        path = Path(self.baseFilename)
        if path.stat().st_size:
            with path.open("rb") as before:
                before.seek(-1, SEEK_END)
                if before.read(1) != b"\n":
                    stream.write("\n")
        return stream

    def handleError(self, record: logging.LogRecord) -> None:
        """Count a line that the disk did not take; telling it would only make another line.

        The next line opens the file anew: what an error has left open, or half closed, takes nothing any more.
        """
        dropped["disk"] += 1
        self._let_go()

    def close(self) -> None:
        """Close the file, also when the disk does not take what is left."""
        self._let_go()
        super().close()

    def _let_go(self) -> None:
        stream: TextIOWrapper | None = self.stream
        self.stream = None
        if stream:
            with contextlib.suppress(OSError):
                stream.close()


class _Queue(QueueHandler):
    """Hands lines to the thread that writes; the queue is bounded, and a full one costs lines and no time."""

    def enqueue(self, record: logging.LogRecord) -> None:
        """Put a record into the queue, or leave it out and count it."""
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            dropped["queue"] += 1


class _Writer(threading.Thread):
    """Writes what waits, until a None comes."""

    def __init__(self, lines: "queue.Queue[logging.LogRecord | None]", files: Sequence[_File]) -> None:
        super().__init__(name="write logs", daemon=True)
        self._lines, self._files = lines, files

    def run(self) -> None:
        """Hand each line to the files that take it."""
        while (record := self._lines.get()) is not None:
            for file in self._files:
                if record.levelno >= file.level:
                    file.handle(record)
        for file in self._files:
            file.close()

    def finish(self, within_s: float) -> None:
        """Write what waits and close the files, within so many seconds."""
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=within_s)
            self.join(within_s)


@dataclass(slots=True)
class LogFiles:
    """The log files of this process."""

    folder: Path
    handler: logging.Handler
    """What a logger is given."""
    _writer: _Writer
    _lock: TextIOWrapper

    def close(self) -> None:
        """Write what waits and close the files; a disk that does not answer is not waited for."""
        if self._writer.is_alive():
            self._writer.finish(_STOP_WITHIN_S)
            self._lock.close()


def open_log_files(
    base: Path, service: str, as_json: logging.Formatter, *, max_bytes: int = MAX_BYTES, waiting: int = WAITING
) -> LogFiles:
    """Open the log files of this process below `base`, and close them when it ends; `OSError` when that cannot be done.

    Args:
        base: what `LOG_DIR` names; made when it is not there.
        service: names the folder. When another process has it, this one takes `<service>-2`, and so on.
        as_json: makes a record the JSON line that stdout gets, in the thread that logs.
        max_bytes: at which a file is turned over.
        waiting: lines that may wait for the disk.
    """
    folder, lock = _claim(base, service)
    files = [_open(folder / name, choose, max_bytes) for name, choose in _FILES.items()]
    lines: queue.Queue[logging.LogRecord | None] = queue.Queue(waiting)
    handler = _Queue(lines)
    handler.setFormatter(as_json)
    writer = _Writer(lines, files)
    writer.start()
    opened = LogFiles(folder, handler, writer, lock)
    atexit.register(opened.close)
    return opened


def _claim(base: Path, service: str) -> tuple[Path, TextIOWrapper]:
    """Take the first folder that no living process holds."""
    number = 1
    while True:
        folder = base / (service if number == 1 else f"{service}-{number}")
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            number += 1
            continue
        return folder, lock


def _open(path: Path, choose: Callable[[logging.LogRecord], bool], max_bytes: int) -> _File:
    file = _File(path, maxBytes=max_bytes, backupCount=BACKUPS, encoding="utf-8")
    file.setLevel(logging.INFO)
    file.addFilter(choose)
    file.setFormatter(_Text() if path.suffix == ".log" else logging.Formatter("%(message)s"))
    return file


def _only(topic: str) -> Callable[[logging.LogRecord], bool]:
    return lambda record: record.name == topic


_FILES: Final[Mapping[str, Callable[[logging.LogRecord], bool]]] = {
    "application.log": lambda record: record.name not in _TOPICS,
    "errors.log": lambda record: record.levelno >= logging.ERROR,
    **{f"{topic}.log": _only(topic) for topic in _TOPICS},
    "calls.json": _only("calls"),
    "websocket.json": _only("websocket"),
}
"""Each file and the records that it takes."""
