"""Robbed bits: each utterance carries its own name in the lowest bits of its mu-law codes.

So the emulated recogniser knows what it has really received, sample for sample, for the price of a search for bytes,
and which call's which turn it was. The change is one quantisation step: 30 dB under the speech, and all along it.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint8]

EVERY: Final = 640
"""Samples from one stamp to the next: 80 ms."""
_SYNC: Final = 0xD5A3C96E
_SYNC_BITS: Final = 32
_FIELDS: Final = (("call", 20), ("turn", 4), ("phrase", 8), ("position", 8), ("check", 8))
_DATA_BITS: Final = sum(bits for _, bits in _FIELDS)
_LENGTH: Final = _SYNC_BITS + _DATA_BITS
MOST_CALLS: Final = 1 << 20


class Stamp(NamedTuple):
    """What a piece of audio says of itself."""

    call: int
    turn: int
    phrase: int
    position: int
    """Which stamp of the utterance it is, from 0."""


def _bits(value: int, count: int) -> Codes:
    return np.array([value >> shift & 1 for shift in range(count - 1, -1, -1)], dtype=np.uint8)


_NEEDLE: Final = _bits(_SYNC, _SYNC_BITS).tobytes()


def stamped(codes: Codes, call: int, turn: int, phrase: int) -> Codes:
    """Return mu-law `codes` with stamps all along."""
    marked = codes.copy()
    for position, at in enumerate(range(0, len(codes) - _LENGTH + 1, EVERY)):
        bits = np.concatenate([_bits(_SYNC, _SYNC_BITS), _encode(Stamp(call, turn, phrase, position & 0xFF))])
        marked[at : at + _LENGTH] = (marked[at : at + _LENGTH] & 0xFE) | bits
    return marked


def read(codes: Codes) -> list[Stamp]:
    """Return the stamps that are whole, in order."""
    lowest = (codes & 1).tobytes()
    found, at = [], lowest.find(_NEEDLE)
    while at >= 0:
        data = lowest[at + _SYNC_BITS : at + _LENGTH]
        if len(data) == _DATA_BITS and (stamp := _decode(data)):
            found.append(stamp)
        at = lowest.find(_NEEDLE, at + 1)
    return found


def _check(stamp: Stamp) -> int:
    return (stamp.call * 31 + stamp.turn * 17 + stamp.phrase * 7 + stamp.position) % 251


def _encode(stamp: Stamp) -> Codes:
    values = (*stamp, _check(stamp))
    return np.concatenate([_bits(value, bits) for value, (_, bits) in zip(values, _FIELDS, strict=True)])


def _decode(data: bytes) -> Stamp | None:
    values, at = [], 0
    for _, bits in _FIELDS:
        values.append(int.from_bytes(np.packbits(np.frombuffer(data[at : at + bits], np.uint8)).tobytes(), "big")
                      >> (-bits % 8))  # fmt: skip
        at += bits
    stamp = Stamp(*values[:4])
    return stamp if _check(stamp) == values[4] else None
