"""Programs that some tests need and PyPI does not have: with `CI` in the environment they must be there."""

import os
import shutil
from typing import Final

import pytest

LEFT_OUT: Final = "Left out:"
"""How the reason of such a skip begins; `make test` repeats these at its end."""


def needed(program: str, *, what: str, package: str = "", source: str = "") -> str:
    """Return where `program` lies; without it skip the test, or fail it when `CI` is set and Debian has it.

    Args:
        program: its name, as on a command line.
        what: what stays untested without it, as the subject of a sentence.
        package: Debian's package that has it; empty when there is none that will do.
        source: where to get it from instead.
    """
    if found := shutil.which(program):
        return found
    how = f"On Debian: apt-get install {package} (.ci/run does it)." if package else f"Get it from {source}"
    reason = f"{LEFT_OUT} {what}, since there is no {program}. {how}"
    if package and os.environ.get("CI", "").lower() not in ("", "0", "false"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
