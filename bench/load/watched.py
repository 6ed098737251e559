"""Runs a program of ours so that its tasks can be counted from outside: `python -m bench.load.watched services.speech`.

At SIGUSR2 it writes how many of its tasks are alive, by name, to the file that `WATCHED` names. The program itself
knows nothing of it.
"""

import asyncio
import json
import os
import runpy
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Final

VARIABLE: Final = "WATCHED"
_TASKS: Final = "_all_tasks"
"""Where asyncio keeps them for all loops; `asyncio.all_tasks` knows those of a running loop alone."""


def _write(_signal: int, _frame: FrameType | None) -> None:
    tasks = [task for task in list(getattr(asyncio.tasks, _TASKS)) if not task.done()]
    names = Counter(_kind(task) for task in tasks)
    target = Path(os.environ[VARIABLE])
    part = target.with_suffix(".part")
    part.write_text(json.dumps(dict(names)), encoding="utf-8")
    part.rename(target)


def _kind(task: asyncio.Task[object]) -> str:
    return getattr(task.get_coro(), "__qualname__", "unknown")


if __name__ == "__main__":
    signal.signal(signal.SIGUSR2, _write)
    program = sys.argv.pop(1)
    runpy.run_module(program, run_name="__main__", alter_sys=True)
