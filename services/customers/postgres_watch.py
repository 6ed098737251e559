"""What is measured and told of statements: how long each takes, and of those that change something, how many rows.

Reads are measured and not logged: they are many, and a line for each would tell nothing.
"""

from __future__ import annotations  # asyncpg's classes take their type parameters in stubs alone

import asyncio
import functools
import re
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import asyncpg
import structlog

from voicekit.telemetry import seconds

database_log = structlog.get_logger("database")

SLOW_S: Final = 0.5
"""Beyond this a statement is told of, even one that only reads."""
_took = seconds("db.client.operation.duration", "How long statements take, by what they do and to what.")
_VERB: Final = re.compile(r"\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(\w+)", re.IGNORECASE)
_FUNCTION: Final = re.compile(r"\b(?:FROM|SELECT)\s+((?:apply|begin|record|set)_\w+)\s*\(", re.IGNORECASE)
_SOURCE: Final = re.compile(r"\bFROM\s+(\w+)", re.IGNORECASE)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Operation:
    """What a statement does."""

    name: str
    """SELECT, INSERT, UPDATE, DELETE, COPY, CALL of a function of ours, or OTHER."""
    target: str
    """The table or function; empty when there is none."""

    @property
    def writes(self) -> bool:
        """True when it changes the record."""
        return self.name not in ("SELECT", "OTHER")


@functools.lru_cache(maxsize=1024)
def operation_of(query: str) -> Operation:
    """Tell what a statement does, by its first verb that changes something; its values are not looked at."""
    # A row lock is no change: FOR UPDATE OF c, FOR NO KEY UPDATE.
    told = re.sub(r"\bFOR\s+(NO\s+KEY\s+)?UPDATE\b|\bDO\s+UPDATE\b", "", query, flags=re.IGNORECASE)
    if found := _VERB.search(told):
        return Operation(found[1].split()[0].upper(), found[2].lower())
    if found := _FUNCTION.search(told):
        return Operation("CALL", found[1].lower())
    first = told.split(maxsplit=1)[0].upper() if told.strip() else ""
    source = _SOURCE.search(told)
    return Operation("SELECT" if first in ("SELECT", "WITH") else "OTHER", source[1].lower() if source else "")


class WatchedConnection(asyncpg.Connection):
    """A connection that measures its statements, and tells of those that change the record."""

    async def execute(self, query: str, *args: Any, **options: Any) -> str:
        """Run a statement; see asyncpg."""
        return await _watch(operation_of(query), super().execute(query, *args, **options))

    async def fetch(self, query: str, *args: Any, **options: Any) -> Any:
        """Read rows; see asyncpg."""
        return await _watch(operation_of(query), super().fetch(query, *args, **options))

    async def fetchrow(self, query: str, *args: Any, **options: Any) -> Any:
        """Read a row; see asyncpg."""
        return await _watch(operation_of(query), super().fetchrow(query, *args, **options))

    async def fetchval(self, query: str, *args: Any, **options: Any) -> Any:
        """Read a value; see asyncpg."""
        return await _watch(operation_of(query), super().fetchval(query, *args, **options))

    async def copy_to_table(self, table_name: str, **options: Any) -> str:
        """Write many rows; see asyncpg."""
        return await _watch(Operation("COPY", table_name), super().copy_to_table(table_name, **options))


async def _watch(operation: Operation, running: Awaitable[Result]) -> Result:
    loop = asyncio.get_running_loop()
    began, outcome = loop.time(), "failed"
    rows: int | None = None
    try:
        result = await running
        outcome, rows = "done", rows_of(result)
        return result
    finally:
        took = loop.time() - began
        labels = {"db.operation.name": operation.name, "db.collection.name": operation.target, "outcome": outcome}
        _took.record(took, labels)
        if operation.writes or took > SLOW_S:
            tell = database_log.warning if took > SLOW_S else database_log.info
            tell(
                "DATABASE_OPERATION",
                operation=operation.name,
                target=operation.target,
                affected_rows=rows,
                duration_ms=round(took * 1000, 1),
                outcome=outcome,
            )


def rows_of(result: object) -> int:
    """Return how many rows a statement changed or gave back: asyncpg answers with a status, rows, a row or a value."""
    match result:
        case str() if (count := result.rpartition(" ")[2]).isdigit():
            return int(count)
        case list():
            return len(result)
        case None | str():
            return 0
        case _:
            return 1
