"""What a conversation remembers, in bytes small enough to travel with every turn."""

from dataclasses import dataclass, field, fields
from typing import Any, Final

import orjson

from services.dialog.scenes import Disposition, State
from services.dialog.turns import Flow
from services.dialog.walk import Position
from voicekit.languages import LANGUAGES

VERSION: Final = 1
MAX_BYTES: Final = 4096
"""Larger ones are none of ours."""
_NO_CALL_COUNTS_TO: Final = 100_000
_END_OF_TIME: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class Memory:
    """All that is needed to go on with a conversation elsewhere, besides the brief."""

    language: str
    """The language of the conversation."""
    at: Position = field(default_factory=Position)
    number: int = 0
    """Turns said."""
    switches: int = 0
    """How often we changed the language without having been asked to."""
    line: int = 0
    """The first sentence of the details that the borrower has not heard."""
    last_language: str = ""
    """The language of the borrower's last words; empty before there were any."""
    callback_words: str = ""
    """When the borrower asked to be called again."""
    callback_at: int = 0
    """The time that those words name, in Unix seconds; 0 when they name none."""
    flow: Flow = Flow.FULL


def pack(memory: Memory, call_id: str) -> bytes:
    """Return `memory` as bytes that only the same call can read."""
    at = {name: getattr(memory.at, name) for name in _names(Position)}
    rest = {name: getattr(memory, name) for name in _names(Memory) if name != "at"}
    return orjson.dumps({"v": VERSION, "call": call_id, "at": at, **rest})


def unpack(snapshot: bytes, call_id: str) -> Memory | None:
    """Return what `pack` was given; None for what it never wrote for this call, such as an older version's.

    A conversation without memory begins again with the greeting, and with nobody verified: that is always safe.
    """
    if not snapshot or len(snapshot) > MAX_BYTES:
        return None
    try:
        data: Any = orjson.loads(snapshot)
        if data.pop("v") != VERSION or data.pop("call") != call_id:
            return None
        at = data.pop("at")
        position = Position(**{**at, "state": State(at["state"]), "disposition": Disposition(at["disposition"])})
        memory = Memory(at=position, flow=Flow(data.pop("flow", Flow.FULL)), **data)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return memory if _sound(memory) else None


def _names(kind: type[Memory] | type[Position]) -> list[str]:
    return [named.name for named in fields(kind)]


def _sound(memory: Memory) -> bool:
    """Tell whether every value is of the kind that its name says; a dataclass does not ask."""
    at = memory.at
    patience = (at.asked, at.unclear, at.silent, at.lost, at.failures, at.detours)
    counts = (*patience, memory.number, memory.switches, memory.line)
    flags = (at.verified, at.floor, at.agents)
    return (
        memory.language in LANGUAGES
        and memory.last_language in ("", *LANGUAGES)
        and all(type(count) is int and 0 <= count < _NO_CALL_COUNTS_TO for count in counts)
        and all(type(flag) is bool for flag in flags)
        and isinstance(memory.callback_words, str)
        and type(memory.callback_at) is int
        and 0 <= memory.callback_at < _END_OF_TIME
        and (at.verified or not at.scene.private)
    )
