"""Page tokens: where a list goes on. They hold a key and fit only the filters they were made for."""

import base64
import binascii
import hashlib
import json
from typing import Final

from voicekit.errors import InvalidInput

DEFAULT_SIZE: Final = 50
MAX_SIZE: Final = 1000


def page_size(asked: int) -> int:
    """Return how many rows a page has; `InvalidInput` for a number that cannot be meant."""
    if not 0 <= asked <= MAX_SIZE:
        raise InvalidInput(f"from 0, which means {DEFAULT_SIZE}, to {MAX_SIZE}", "page_size")
    return asked or DEFAULT_SIZE


def to_token(key: tuple[int | str, ...], which: object) -> str:
    """Return the token of the page that begins after `key`, in the list that `which` filters."""
    return base64.urlsafe_b64encode(json.dumps([_digest(which), *key]).encode()).decode().rstrip("=")


def from_token(token: str, which: object, kinds: tuple[type, ...]) -> tuple[int | str, ...]:
    """Return the key in `token`, of the types `kinds`; `InvalidInput` for one that was not made for this list."""
    try:
        padded = token + "=" * (-len(token) % 4)
        digest, *key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidInput("not a token of ours", "page_token") from error
    if digest != _digest(which) or tuple(map(type, key)) != kinds:
        raise InvalidInput("made for another list: keep the filters while you turn pages", "page_token")
    return tuple(key)


def _digest(which: object) -> str:
    return hashlib.sha256(repr(which).encode()).hexdigest()[:16]
