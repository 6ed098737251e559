"""Reads a personas file: who may be called, and what they do then."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import yaml
from pydantic import TypeAdapter, ValidationError

from emulators.exotel import persona as p
from emulators.exotel.numbers import normalise

STEPS: Final = MappingProxyType[str, tuple[Any, str]](
    {
        "wait_for_bot_to_finish": (p.WaitForBot, "quiet_ms"),
        "say": (p.Say, "text"),
        "play": (p.Play, "wav"),
        "dtmf": (p.Press, "digits"),
        "interrupt_after": (p.Interrupt, "after_s"),
        "stay_silent": (p.StaySilent, "seconds"),
        "noise": (p.Noise, "dbfs"),
        "beep": (p.Beep, "ms"),
        "hang_up": (p.HangUp, ""),
        "lose_network": (p.LoseNetwork, "moment"),
    }
)
"""Name of a step in the file to its type, and the field that a bare value sets."""


def load_people(source: Path) -> p.People:
    """Read a personas file (YAML); WAV paths in it are relative to it. `ValueError` says what is wrong."""
    return parse_people(yaml.safe_load(source.read_text("utf-8")) or {}, source.parent)


def parse_people(data: object, folder: Path = Path()) -> p.People:
    """Build people from the plain data of a personas file; `ValueError` says whose entry is wrong, and why."""
    if not isinstance(data, dict) or set(data) - {"personas", "agents"}:
        raise ValueError("a personas file is a mapping with `personas` and `agents`")
    personas = {}
    for number, entry in (data.get("personas") or {}).items():
        scripts = entry if isinstance(entry, list) else [entry]
        personas[normalise(str(number))] = tuple(_build(p.Persona, number, script, folder) for script in scripts)
    agents = {
        normalise(str(number)): _build(p.Agent, number, agent, folder)
        for number, agent in (data.get("agents") or {}).items()
    }
    return p.People(personas, agents)


def _build(kind: Any, number: object, data: object, folder: Path) -> Any:
    try:
        fields = dict(_mapping(data))
        if "pickup" in fields:
            fields["pickup"] = {"kind": fields["pickup"]} if isinstance(fields["pickup"], str) else fields["pickup"]
        if "steps" in fields:
            fields["steps"] = tuple(_step(step, folder) for step in fields["steps"] or ())
        return TypeAdapter(kind).validate_python(fields)
    except (ValidationError, ValueError) as error:
        raise ValueError(f"{number}: {error}") from error


def _step(data: object, folder: Path) -> p.Step:
    name, value = (data, {}) if isinstance(data, str) else next(iter(_mapping(data).items()))
    if name not in STEPS:
        raise ValueError(f"unknown step {name!r}")
    kind, shorthand = STEPS[name]
    fields = value if isinstance(value, dict) else {shorthand: value}
    step: p.Step = TypeAdapter(kind).validate_python(fields)
    return p.Play(folder / step.wav) if isinstance(step, p.Play) else step


def _mapping(data: object) -> Mapping[str, Any]:
    if isinstance(data, dict):
        return data
    raise ValueError(f"expected a mapping, not {data!r}")
