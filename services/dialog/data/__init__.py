"""Word lists and tables, read once when the rules are first used."""

from functools import cache
from importlib.resources import files
from typing import Any

from voicekit.yaml_text import parse


@cache
def load(name: str) -> Any:
    """Read `name`.yaml of this folder, once; `name` may hold a folder ("words/hi-IN")."""
    return parse((files(__package__) / f"{name}.yaml").read_text(encoding="utf-8"))
