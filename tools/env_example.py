"""Writes `.env.example` from the services' settings, so that it is complete by construction.

Run it as `make env`; with `--check` it only tells whether the file is up to date.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from voicekit.settings import ServiceSettings

FILE: Final = Path(__file__).resolve().parent.parent / ".env.example"
SETTINGS: Final = {
    "telephony": "services.telephony.settings:Settings",
    "speech": "services.speech.settings:Settings",
    "dialog": "services.dialog.settings:Settings",
    "customers": "services.customers.settings:Settings",
    "the dial worker of customers": "services.customers.dialer:DialerSettings",
    "the retention command of customers": "services.customers.retention:RetentionSettings",
    "dashboard": "services.dashboard.settings:Settings",
}
"""Title to module and class, in the order of the file."""
HEAD: Final = """\
# Settings of all services. Copy this file to .env and fill in what you use; the environment goes before the file.
# `make demo` and `make up` need none of it: a provider without keys is emulated on this machine. A service of its own
# stops at once when a required variable is missing or bad, and names it; so does `python -m services.<name> --check`.
"""


def example() -> str:
    """Return the whole file."""
    seen: set[str] = set()
    parts = [HEAD, _section("every service", ServiceSettings, seen)]
    for title, where in SETTINGS.items():
        module, name = where.split(":")
        parts.append(_section(title, getattr(importlib.import_module(module), name), seen))
    return "\n".join(parts)


def _section(title: str, settings: type[ServiceSettings], seen: set[str]) -> str:
    lines = [f"# ---- {title} ----", ""]
    for name, field in settings.model_fields.items():
        if name not in seen:
            seen.add(name)
            lines += [*_comment(field), f"{name.upper()}={_value(field)}", ""]
    return "\n".join(lines)


def _comment(field: FieldInfo) -> list[str]:
    words = " ".join((field.description or "").split())
    return [f"# {words}{' Required.' if field.is_required() else ''}"]


def _value(field: FieldInfo) -> str:
    if field.is_required() or field.default_factory is not None:
        return ""
    default: Any = field.default
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if default is None:
        return ""
    return json.dumps(default) if isinstance(default, bool | dict | list) else str(default)


def main() -> int:
    """Write the file, or with `--check` compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when the file is not up to date")
    text = example()
    if parser.parse_args().check:
        if FILE.read_text(encoding="utf-8") != text:
            print(".env.example is not what the settings make; run 'make env'", file=sys.stderr)
            return 1
        return 0
    FILE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
