"""Programs that some tests need and PyPI does not have: with `CI` in the environment they must be there."""

import os
import shutil
from typing import Final

import pytest

LEFT_OUT: Final = "Left out:"
"""How the reason of such a skip begins; `make test` repeats these at its end."""


def needed(program: str, *, package: str, what: str) -> str:
    """Return where `program` lies; without it skip the test, or fail it when `CI` is set.

    Args:
        program: its name, as on a command line.
        package: Debian's package that has it.
        what: what stays untested without it, as the subject of a sentence.
    """
    if found := shutil.which(program):
        return found
    reason = f"{LEFT_OUT} {what}, since there is no {program}. On Debian: apt-get install {package} (.ci/run does it)."
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
