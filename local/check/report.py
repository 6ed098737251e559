"""What a check says: what it tried, and what is wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

Print = Callable[[str], None]
Settings = TypeVar("Settings", bound=BaseSettings)


class Stop(Exception):
    """Nothing more can be tried; what is wrong has been told."""


class Report:
    """Tells each finding as it comes, and remembers whether one is bad."""

    def __init__(self, name: str, write: Print) -> None:
        """Begin the report of one check."""
        self._write, self.is_bad = write, False
        write(f"{name}")

    def good(self, tried: str, found: str = "") -> None:
        """Say what was tried and works."""
        self._tell("ok ", tried, found)

    def bad(self, tried: str, wrong: str) -> None:
        """Say what was tried, and what is wrong."""
        self.is_bad = True
        self._tell("BAD", tried, wrong)

    def left_out(self, what: str, why: str) -> None:
        """Say what was not tried, and why."""
        self._tell("-  ", what, why)

    def settings(self, kind: type[Settings]) -> Settings:
        """Read settings as the service does; `Stop` when one is missing or bad, which is told by its name alone."""
        try:
            read = kind(_env_file=Path(".env"))
        except ValidationError as error:
            for problem in error.errors(include_input=False, include_url=False):
                name = "_".join(str(part) for part in problem["loc"]) or "the settings"
                self.bad(f"read {name.upper()}", problem["msg"])
            raise Stop from None
        self.good("read the settings")
        return read

    def _tell(self, sign: str, tried: str, found: str) -> None:
        self._write(f"  {sign}  {tried}{': ' if found else ''}{found}")
