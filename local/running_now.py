"""Which system runs on this machine, and how to reach it: a file in the folder of its run, for as long as it runs."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

FILE: Final = "settings.env"
_OF_ONE_PROCESS: Final = ("METRICS_PORT", "METRICS_HOST", "LOG_DIR")


@contextmanager
def announced(folder: Path, environments: Iterator[Mapping[str, str]]) -> Iterator[Path]:
    """Keep what the services are told in `folder`, readable by us alone, while the block lasts."""
    settings = {name: value for each in environments for name, value in each.items() if name not in _OF_ONE_PROCESS}
    file = folder / FILE
    lines = [f"# The system of process {os.getpid()}, while it runs.", *(f"{k}='{v}'" for k, v in settings.items())]
    file.touch(mode=0o600)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)


def newest(runs: Path) -> Path | None:
    """Return the folder of the system that was started last and still runs; None when none does."""
    living = [file for file in runs.glob(f"*/{FILE}") if _lives(file)]
    return max(living, key=lambda file: file.stat().st_mtime).parent if living else None


def settings_of(folder: Path) -> dict[str, str]:
    """Return what the services of the system in `folder` are told; empty when it does not run."""
    file = folder / FILE
    if not file.exists() or not _lives(file):
        return {}
    return {name: value or "" for name, value in dotenv_values(file).items()}


def _lives(file: Path) -> bool:
    """Tell whether the process that wrote `file` is still there: one that was killed leaves it behind."""
    number = file.read_text(encoding="utf-8").split("process ", 1)[1].split(",", 1)[0]
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
