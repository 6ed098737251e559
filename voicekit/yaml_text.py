"""Reads YAML by the parser in C, where it is built in: it is ten times as fast as the one in Python."""

from typing import Any, Final

import yaml

_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse(text: str) -> Any:
    """Return what a YAML text says."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 -- both loaders are the safe ones
