"""One request from its checks to its answer."""

import asyncio
import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from emulators.bedrock.catalogue import family_of
from emulators.bedrock.errors import invalid
from emulators.bedrock.faults import Fault, Faults
from emulators.bedrock.mind import Rule, words_of
from emulators.bedrock.quotas import Meter, PrefixCache, Quota, count_tokens
from emulators.bedrock.replies import Reply, compose
from emulators.bedrock.validation import check


@dataclass(slots=True)
class Latency:
    """How long the model takes: lognormal; constant while `spread` is 0."""

    median_s: float = 0.3
    spread: float = 0.0
    """Standard deviation of the logarithm; 0.6 puts the 99th percentile at four times the median."""

    def draw(self, chance: random.Random) -> float:
        """Draw one, in seconds."""
        return self.median_s * math.exp(chance.gauss(0, self.spread)) if self.spread else self.median_s


class Asked(NamedTuple):
    """One request to a model, as it was understood."""

    at: float
    """Loop time in seconds."""
    model_id: str
    body: dict[str, Any]
    words: str
    """What the mind took for the borrower's words; empty when the request was refused before."""
    request_id: str

    @property
    def text(self) -> str:
        """All of the request as one text, non-ASCII letters readable: for assertions on what must not be in it."""
        return json.dumps(self.body, ensure_ascii=False)


class Brain:
    """The account and its models."""

    def __init__(
        self,
        script: Sequence[Rule],
        *,
        application_profiles: Mapping[str, str],
        quota: Quota,
        latency: Latency,
        seed: int,
    ) -> None:
        self.script = list(script)
        self.latency = latency
        self.faults = Faults()
        self.asked: list[Asked] = []
        self.chance = random.Random(seed)
        self._application_profiles = application_profiles
        self._meter = Meter(quota)
        self._cache = PrefixCache()

    async def converse(self, model_id: str, body: Any, request_id: str) -> dict[str, Any]:
        """Answer one request; `Refusal` when it cannot be."""
        began = asyncio.get_running_loop().time()
        if not isinstance(body, dict):
            raise invalid("The request body is no JSON object.")
        self.asked.append(Asked(began, model_id, body, "", request_id))
        self.faults.refuse()
        family = family_of(model_id, self._application_profiles)
        check(body, family)
        self.asked[-1] = self.asked[-1]._replace(words=words_of(body))
        read = count_tokens(json.dumps([body.get("system"), body["messages"]], ensure_ascii=False), family)
        reserved = read + int((body.get("inferenceConfig") or {}).get("maxTokens", 4096))
        self._meter.reserve(reserved)
        cached = self._cache.look_up(model_id, body, family)
        slow = self.faults.take(Fault.SLOW) or self.faults.take(Fault.HANG)
        await asyncio.sleep(float(slow.value) if slow else self.latency.draw(self.chance))
        reply = compose(body, family, self.script, self.faults, self.chance)
        self._meter.settle(reserved, read=read - cached.read, written=reply.tokens)
        usage = {
            "inputTokens": max(0, read - cached.read - cached.written),
            "outputTokens": reply.tokens,
            "totalTokens": read + reply.tokens,
            "cacheReadInputTokens": cached.read,
            "cacheWriteInputTokens": cached.written,
        }
        return self._envelope(reply, usage, asyncio.get_running_loop().time() - began)

    def _envelope(self, reply: Reply, usage: dict[str, int], seconds: float) -> dict[str, Any]:
        response = {
            "output": {"message": {"role": "assistant", "content": reply.content}},
            "stopReason": reply.stop_reason,
            "usage": usage,
            "metrics": {"latencyMs": round(seconds * 1000)},
        }
        if self.faults.take(Fault.EXTRA_FIELDS):
            response |= {"mood": "fine", "additionalModelResponseFields": {"mood": "fine"}}
        return response
