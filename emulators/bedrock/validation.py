"""Refuses what the service refuses: shapes first, then what the model's family does not take."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from emulators.bedrock.catalogue import Family
from emulators.bedrock.errors import invalid

_TOOL_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")

Body = Mapping[str, Any]


def check(body: Body, family: Family) -> None:
    """Refuse a request that cannot be answered: `Refusal` 400."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise invalid("A conversation must start with a user message.")
    _check_turns(messages, family)
    _check_tool_history(messages, body)
    _check_inference(body.get("inferenceConfig") or {}, family)
    _check_tools(body, family)
    _check_thinking(body, family)


def _check_turns(messages: Sequence[Body], family: Family) -> None:
    roles = [message.get("role") for message in messages]
    if roles[0] != "user":
        raise invalid("A conversation must start with a user message. Try again with a conversation that does.")
    if any(role == following for role, following in pairwise(roles)):
        raise invalid("roles must alternate between user and assistant")
    if roles[-1] == "assistant" and not family.prefill:
        raise invalid(
            "This model does not support assistant message prefill. The conversation must end with a user message."
        )
    for index, message in enumerate(messages):
        content = message.get("content")
        if not isinstance(content, list) or not content:
            raise invalid(f"messages.{index}: content must be non-empty")
        if any("text" in block and not str(block["text"]).strip() for block in content):
            raise invalid(f"messages.{index}: text content blocks must be non-empty")


def _check_tool_history(messages: Sequence[Body], body: Body) -> None:
    offered: set[str] = set()
    for message in messages:
        uses = {block["toolUse"].get("toolUseId") for block in message["content"] if "toolUse" in block}
        results = {block["toolResult"].get("toolUseId") for block in message["content"] if "toolResult" in block}
        if uses and not body.get("toolConfig"):
            raise invalid("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
        if results - offered:
            raise invalid("toolResult blocks must match a toolUse block of the previous turn.")
        if offered - results:
            raise invalid("Expected toolResult blocks for every toolUse of the previous turn.")
        offered = uses


def _check_inference(config: Body, family: Family) -> None:
    for name in ("temperature", "topP"):
        if name in config and not 0 <= float(config[name]) <= 1:
            raise invalid(f"{name} must be between 0 and 1")
        if name in config and not family.sampling and config[name] != 1:
            raise invalid(f"`{name}` is deprecated for this model.")
    if "temperature" in config and "topP" in config:
        raise invalid("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
    if int(config.get("maxTokens", 1)) < 1:
        raise invalid("maxTokens must be at least 1")


def _check_tools(body: Body, family: Family) -> None:
    config = body.get("toolConfig")
    if config is None:
        return
    names = [tool["toolSpec"].get("name", "") for tool in config.get("tools", []) if "toolSpec" in tool]
    if not names:
        raise invalid("toolConfig.tools must not be empty")
    for name in names:
        if not _TOOL_NAME.fullmatch(name):
            raise invalid(f"tool name {name!r} must match [a-zA-Z0-9_-]{{1,64}}")
    choice = config.get("toolChoice") or {"auto": {}}
    if "tool" in choice and choice["tool"].get("name") not in names:
        raise invalid("toolChoice names a tool that is not defined")
    if not family.forced_tool and "auto" not in choice:
        raise invalid('tool_choice types "tool" and "any" are not supported for this model')


def _check_thinking(body: Body, family: Family) -> None:
    thinking = thinking_of(body)
    kind = thinking.get("type")
    forced = "auto" not in ((body.get("toolConfig") or {}).get("toolChoice") or {"auto": {}})
    if kind == "enabled" and not family.thinking_budget:
        raise invalid("thinking.type.enabled is not supported for this model. Use adaptive thinking.")
    if kind == "enabled" and forced:
        raise invalid("Thinking may not be enabled when tool_choice forces tool use.")
    if kind == "adaptive" and not family.thinks_unasked:
        raise invalid("adaptive thinking is not supported on this model")
    if kind == "disabled" and family.thinking_always:
        raise invalid("thinking cannot be disabled for this model")
    effort = (body.get("outputConfig") or {}).get("effort")
    if effort and not family.effort:
        raise invalid("This model does not support the effort parameter.")
    if effort in {"xhigh", "max"} and kind == "disabled":
        raise invalid("effort may be at most high when thinking is disabled")


def thinking_of(body: Body) -> Body:
    """Return what the request says about thinking."""
    thinking = (body.get("additionalModelRequestFields") or {}).get("thinking")
    return thinking if isinstance(thinking, Mapping) else {}
