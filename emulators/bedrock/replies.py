"""What a model's answer looks like on the wire, with the ways in which it can be odd."""

import json
import random
import string
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from emulators.bedrock.catalogue import Family
from emulators.bedrock.faults import Fault, Faults
from emulators.bedrock.mind import Rule, answer, obey, tool_of
from emulators.bedrock.quotas import count_tokens
from emulators.bedrock.validation import thinking_of

_THINKING_TOKENS: Final = 300
_THOUGHT: Final = {"reasoningContent": {"reasoningText": {"text": "The reply is short.", "signature": "c2ln"}}}
_PROSE: Final = "I believe that the borrower wants to talk about the payment."

Body = Mapping[str, Any]


class Reply(NamedTuple):
    """What the model says, and why it stops."""

    content: list[dict[str, Any]]
    stop_reason: str
    tokens: int
    """Of output, thoughts included."""


def compose(body: Body, family: Family, script: Sequence[Rule], faults: Faults, chance: random.Random) -> Reply:
    """Let the model answer, or go wrong as a fault asks for."""
    for fault, reason in (
        (Fault.FILTERED, "content_filtered"),
        (Fault.GUARDRAIL, "guardrail_intervened"),
        (Fault.REFUSED, "refusal"),
    ):
        if faults.take(fault):
            return Reply([{"text": "I can't help with that."}], reason, 8)
    if faults.take(Fault.NO_CONTENT):
        return Reply([], "end_turn", 1)
    tool = tool_of(body)
    if tool is None or faults.take(Fault.PROSE):
        return Reply([{"text": _PROSE}], "end_turn", count_tokens(_PROSE, family))
    return _think(_call(body, tool, script, family=family, faults=faults, chance=chance), body, family, faults)


def _call(
    body: Body, tool: Body, script: Sequence[Rule], *, family: Family, faults: Faults, chance: random.Random
) -> Reply:
    filled = obey(body) if faults.take(Fault.OBEDIENT) else answer(body, script)
    if faults.take(Fault.EMPTY_INPUT):
        filled = {}
    if faults.take(Fault.NONSENSE):
        properties = tool.get("inputSchema", {}).get("json", {}).get("properties", {})
        filled |= {name: "BANANA" for name, schema in properties.items() if "enum" in schema}
    if hit := faults.take(Fault.OVERRIDE):
        filled |= hit.value if isinstance(hit.value, Mapping) else {}
    name = "another_tool" if faults.take(Fault.WRONG_TOOL) else tool["name"]
    reason = "tool_use"
    if faults.take(Fault.MAX_TOKENS):
        filled, reason = dict(list(filled.items())[:-1]), "max_tokens"
    calls = 2 if faults.take(Fault.TWO_CALLS) else 1
    content = [{"toolUse": {"toolUseId": _id(chance), "name": name, "input": filled}} for _ in range(calls)]
    return Reply(content, reason, 20 + count_tokens(json.dumps(filled), family))


def _think(reply: Reply, body: Body, family: Family, faults: Faults) -> Reply:
    """Put thoughts before the answer, where the model thinks; they may eat up all the tokens it may write."""
    asked = thinking_of(body).get("type")
    thinks = asked in {"enabled", "adaptive"} or (family.thinks_unasked and asked != "disabled")
    if not thinks:
        return reply._replace(content=[_THOUGHT, *reply.content]) if faults.take(Fault.REASONING) else reply
    tokens = reply.tokens + _THINKING_TOKENS
    allowed = int((body.get("inferenceConfig") or {}).get("maxTokens", 4096))
    if tokens > allowed:
        return Reply([_THOUGHT], "max_tokens", allowed)
    return Reply([_THOUGHT, *reply.content], reply.stop_reason, tokens)


def _id(chance: random.Random) -> str:
    return "tooluse_" + "".join(chance.choices(string.ascii_letters + string.digits, k=22))
