"""Word lists and tables, read once when the rules are first used."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser is ten times as fast, where it is built in


@cache
def load(name: str) -> Any:
    """Read `name`.yaml of this folder, once; `name` may hold a folder ("words/hi-IN")."""
    return parse((files(__package__) / f"{name}.yaml").read_text(encoding="utf-8"))


def parse(text: str) -> Any:
    """Read a YAML text."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - both loaders are the safe ones
