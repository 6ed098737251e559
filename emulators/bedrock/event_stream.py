"""Writes `application/vnd.amazon.eventstream`: binary frames with two checksums each."""

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any, Final

CONTENT_TYPE: Final = "application/vnd.amazon.eventstream"
_STRING: Final = 7


def frame(headers: Mapping[str, str], payload: bytes, *, broken: bool = False) -> bytes:
    """Encode one message; a broken one has a wrong checksum."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return message + struct.pack(">I", zlib.crc32(message) ^ (1 if broken else 0))


def event(name: str, payload: Mapping[str, Any], *, broken: bool = False) -> bytes:
    """Encode a normal event."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return frame(headers, json.dumps(payload).encode(), broken=broken)


def exception(name: str, message: str) -> bytes:
    """Encode a failure in mid stream."""
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return frame(headers, json.dumps({"message": message}).encode())


def _header(name: str, value: str) -> bytes:
    encoded = value.encode()
    return struct.pack("B", len(name)) + name.encode() + struct.pack(">BH", _STRING, len(encoded)) + encoded
