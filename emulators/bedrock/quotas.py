"""Requests and tokens a minute, and the cache of prompt prefixes."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from emulators.bedrock.catalogue import Family
from emulators.bedrock.errors import Refusal

_OUTPUT_WEIGHT: Final = 5
_CACHE_S: Final = 300.0
_CHARACTERS_A_TOKEN: Final = 3.5
_INDIC_CHARACTERS_A_TOKEN: Final = 1.2


def count_tokens(text: str, family: Family) -> int:
    """Estimate tokens: Indian scripts take about three times as many as Latin letters."""
    latin = sum(character.isascii() for character in text)
    tokens = latin / _CHARACTERS_A_TOKEN + (len(text) - latin) / _INDIC_CHARACTERS_A_TOKEN
    return max(1, round(tokens * family.token_factor))


@dataclass(frozen=True, slots=True)
class Quota:
    """What the account may use in a minute."""

    requests: int = 10**9
    tokens: int = 10**9


class Meter:
    """Holds the account to its quota; runs on the loop's clock."""

    def __init__(self, quota: Quota) -> None:
        self._quota = quota
        self._requests, self._tokens = float(quota.requests), float(quota.tokens)
        self._at = 0.0

    def reserve(self, tokens: int) -> None:
        """Take one request and its tokens, output counted as if all of `maxTokens` came: `Refusal` 429."""
        now = asyncio.get_running_loop().time()
        minutes, self._at = (now - self._at) / 60, now
        self._requests = min(self._quota.requests, self._requests + minutes * self._quota.requests)
        self._tokens = min(self._quota.tokens, self._tokens + minutes * self._quota.tokens)
        if self._requests < 1:
            raise Refusal(429, "ThrottlingException", "Too many requests, please wait before trying again.")
        if self._tokens < tokens:
            raise Refusal(429, "ThrottlingException", "Too many tokens, please wait before trying again.")
        self._requests -= 1
        self._tokens -= tokens

    def settle(self, reserved: int, *, read: int, written: int) -> None:
        """Replace a reservation by what was used; a token that was written weighs five times one that was read."""
        self._tokens += reserved - read - _OUTPUT_WEIGHT * written


class Cached(NamedTuple):
    """What a request found in the cache, in tokens."""

    read: int
    written: int


class PrefixCache:
    """Remembers prompt prefixes that end in a cache point, for five minutes."""

    def __init__(self) -> None:
        self._used_at: dict[str, float] = {}

    def look_up(self, model_id: str, body: Mapping[str, Any], family: Family) -> Cached:
        """Find the prefix, or keep it; one below the family's minimum is ignored in silence."""
        blocks = [
            *((body.get("toolConfig") or {}).get("tools") or []),
            *(body.get("system") or []),
            *(block for message in body["messages"] for block in message["content"]),
        ]
        marks = [index for index, block in enumerate(blocks) if "cachePoint" in block]
        if not marks:
            return Cached(0, 0)
        prefix = json.dumps(blocks[: marks[-1]], ensure_ascii=False)
        tokens = count_tokens(prefix, family)
        if tokens < family.cache_minimum:
            return Cached(0, 0)
        now, key = asyncio.get_running_loop().time(), f"{model_id} {prefix}"
        known = now - self._used_at.get(key, -_CACHE_S - 1) <= _CACHE_S
        self._used_at[key] = now
        return Cached(tokens, 0) if known else Cached(0, tokens)
