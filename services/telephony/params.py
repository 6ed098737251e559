"""What the carrier tells in a request: by GET or POST, in the query, a form or JSON, flat or in brackets."""

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson
from aiohttp import web

_BRACKETS: Final = re.compile(r"^(\w+)\[(\w+)\]$")
_NESTED: Final = frozenset({"stream"})


class Params:
    """Parameters by name, whatever their case; a missing one is empty."""

    def __init__(self, values: Mapping[str, str], nested: Mapping[str, Mapping[str, str]]) -> None:
        self._values, self._nested = values, nested

    def get(self, *names: str) -> str:
        """Return the first of these that is there and not empty."""
        return next((value for name in names if (value := self._values.get(name.lower(), ""))), "")

    def of(self, part: str, name: str) -> str:
        """Return `part[name]`, in whichever of its two encodings it came."""
        return self._nested.get(part.lower(), {}).get(name.lower(), "")


async def read_params(request: web.Request) -> Params:
    """Read all that a request tells. What cannot be read is left out: an odd request is answered all the same."""
    values: dict[str, str] = {}
    nested: dict[str, dict[str, str]] = {}
    for source in (await _body(request), request.query):
        for name, value in source.items():
            _take(name, value, values, nested)
    return Params(values, nested)


async def _body(request: web.Request) -> Mapping[str, Any]:
    if request.method != "POST" or not request.can_read_body:
        return {}
    try:
        if request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
            return await request.post()
        body = orjson.loads(await request.read())
    except (ValueError, LookupError, web.RequestPayloadError, web.HTTPRequestEntityTooLarge):
        return {}
    return body if isinstance(body, dict) else {}


def _take(name: str, value: Any, values: dict[str, str], nested: dict[str, dict[str, str]]) -> None:
    name = name.lower()
    if brackets := _BRACKETS.match(name):
        nested.setdefault(brackets[1], {})[brackets[2]] = _text(value)
    elif name in _NESTED:
        nested[name] = _object(value)
    else:
        values[name] = _text(value)


def _object(value: Any) -> dict[str, str]:
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return {}
    return {str(key).lower(): _text(part) for key, part in value.items()} if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    """Return a text or a number as text, without the quotes that some applets put around it; else ""."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip().strip('"')[:512]
