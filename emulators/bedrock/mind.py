"""The emulated model: it answers by a script, from nothing but the words in the request."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

Body = Mapping[str, Any]

_DELIMITED: Final = re.compile(r"<<<?(.*?)>>>?", re.DOTALL)
_UNDECIDED: Final = ("unclear", "unknown", "other", "none", "silence", "noise", "low")
"""Parts of the enum values that mean "nothing was found", best first."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What the model answers to some words."""

    match: str
    """Regular expression, searched in the borrower's words; letters match in either case."""
    input: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the tool's input; the others are filled as if nothing had been found."""

    def fits(self, words: str) -> bool:
        """Tell whether the rule speaks of these words."""
        return re.search(self.match, words, re.IGNORECASE) is not None


def read_rules(source: Path) -> list[Rule]:
    """Read a JSON list of `{"match": "...", "input": {...}}`; `ValueError` when it is something else."""
    items = json.loads(source.read_text(encoding="utf-8"))
    return rules(items if isinstance(items, list) else [items])


def rules(items: Iterable[Mapping[str, Any]]) -> list[Rule]:
    """Make rules of `{"match", "input"}`; `ValueError` for another shape or a broken expression."""
    made = []
    for item in items:
        try:
            made.append(Rule(re.compile(item["match"]).pattern, dict(item.get("input") or {})))
        except (AttributeError, KeyError, TypeError, re.error) as error:
            raise ValueError(f"{item!r} is no rule: {error}") from None
    return made


def words_of(body: Body) -> str:
    """Find the borrower's words: what stands between angle brackets in the last user turn, or all of it."""
    last = body["messages"][-1]
    text = "\n".join(str(block["text"]) for block in last["content"] if "text" in block)
    quoted = _DELIMITED.findall(text)
    return str(quoted[-1]).strip() if quoted else text


def tool_of(body: Body) -> Mapping[str, Any] | None:
    """Choose the tool to call: the forced one, or the first; None when there is none."""
    config = body.get("toolConfig") or {}
    specs = [tool["toolSpec"] for tool in config.get("tools", []) if "toolSpec" in tool]
    forced = (config.get("toolChoice") or {}).get("tool", {}).get("name")
    return next((spec for spec in specs if forced in {None, spec["name"]}), None)


def answer(body: Body, script: Sequence[Rule]) -> dict[str, Any]:
    """Fill in the tool: by the first rule that fits the words, and as if nothing had been found elsewhere.

    The answer keeps to the tool's schema: what a rule says beyond it is left out.
    """
    tool = tool_of(body)
    schema = (tool or {}).get("inputSchema", {}).get("json", {})
    words = words_of(body)
    rule = next((rule for rule in script if rule.fits(words)), None)
    found = dict(rule.input) if rule else {}
    properties: Mapping[str, Any] = schema.get("properties", {})
    wanted = [name for name in properties if name in found or name in schema.get("required", [])]
    return {
        name: found[name] if name in found and _allows(properties[name], found[name]) else _nothing(properties[name])
        for name in wanted
    }


def obey(body: Body) -> dict[str, Any]:
    """Fill in the tool as a model would that takes the borrower's words for orders: any value they name."""
    filled = answer(body, ())
    properties = ((tool_of(body) or {}).get("inputSchema", {}).get("json", {})).get("properties", {})
    words = words_of(body).lower()
    for name, schema in properties.items():
        ordered = [value for value in schema.get("enum", []) if isinstance(value, str) and value.lower() in words]
        if ordered:
            filled[name] = ordered[-1]
    return filled


def _allows(schema: Body, value: Any) -> bool:
    return "enum" not in schema or value in schema["enum"]


def _nothing(schema: Body) -> Any:
    """Return the value of a field about which nothing was found."""
    if "enum" in schema:
        values = [value for value in schema["enum"] if isinstance(value, str)]
        undecided = [value for part in _UNDECIDED for value in values if part in value.lower()]
        return undecided[0] if undecided else schema["enum"][-1]
    kind = schema.get("type", "string")
    kinds = kind if isinstance(kind, list) else [kind]
    if "null" in kinds:
        return None
    return {"boolean": False, "integer": 0, "number": 0, "array": [], "object": {}}.get(kinds[0], "")
