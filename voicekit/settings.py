"""Settings: read once from the environment, by `__main__` alone. A variable is a field's name in capitals."""

import argparse
import sys
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import NonNegativeFloat, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from voicekit.logs import LogFormat

Port = int


class ServiceSettings(BaseSettings):
    """What every service reads."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, use_attribute_docstrings=True)

    environment: Literal["development", "production"] = "production"
    """`development` turns gRPC reflection on and lets providers' addresses be on this machine."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The least grave lines that are logged."""

    log_format: LogFormat = "json"
    """`json` for machines, `text` for a person at a terminal."""

    log_dir: Path | None = None
    """Folder for the log files (application.log, errors.log, calls.log ...), one below it for each process; empty for
    stdout alone."""

    metrics_host: str = ""
    """Address that the Prometheus endpoint listens on; empty for all of this machine's."""

    metrics_port: int = 0
    """Port of the Prometheus endpoint; 0 for none."""

    otel_exporter_otlp_endpoint: str = ""
    """Where traces go, such as http://collector:4317; empty for nowhere."""

    drain_seconds: NonNegativeFloat = 20.0
    """How long a stopping process waits for what is under way."""


Settings = TypeVar("Settings", bound=ServiceSettings)


def load(settings: type[Settings], *, program: str, description: str, argv: list[str] | None = None) -> Settings:
    """Answer `--help`, then read the settings; stop the process when one is missing or bad, and name it.

    A file `.env` in the working directory is read too; the environment goes before it.
    """
    parser = argparse.ArgumentParser(
        prog=program,
        description=description,
        epilog=_describe(settings),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", action="store_true", help="read the settings, say whether they are good, and stop")
    arguments = parser.parse_args(argv)
    try:
        loaded = settings(_env_file=Path(".env"))
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            # The input is left out: it may be a secret.
            where = "_".join(str(part) for part in problem["loc"]) or "settings"
            print(f"{program}: {where.upper()}: {problem['msg']}", file=sys.stderr)
        sys.exit(2)
    if arguments.check:
        print(f"{program}: the settings are good")
        sys.exit(0)
    return loaded


def _describe(settings: type[BaseSettings]) -> str:
    lines = ["environment variables:"]
    for name, field in settings.model_fields.items():
        default = "required" if field.is_required() else f"default {field.default!r}"
        lines += [f"  {name.upper()} ({default})", f"      {' '.join((field.description or '').split())}"]
    return "\n".join(lines)
