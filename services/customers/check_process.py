"""The program that reads one customer file for the service, in a process that can be limited and killed.

What it takes and answers: `checking.py`.
"""

import argparse
import gc
import resource
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final

from services.customers.check_file import check_file, written_out
from services.customers.checking import MARK, READY, Ask, Found, Message, Progress
from services.customers.findings import BadFile

MEMORY_BYTES: Final = 1024**3


def answer() -> None:
    """Check one file; an input that ends before it begins is no file and no mistake."""
    gc.disable()  # a list of 100 000 rows has no cycles, and this process ends with it
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    asked = sys.stdin.buffer.readline()
    if not asked:
        return
    ask = Ask.model_validate_json(asked)
    lines = b""
    try:
        checked = check_file(sys.stdin.buffer.read(), lender_name=ask.lender_name, today=ask.today, tell=_tell)
        clean = written_out(checked)
        found, lines = Found(clean=replace(clean, lines=b""), lines_bytes=len(clean.lines)), clean.lines
    except BadFile as error:
        found = Found(bad=(error.code, str(error)))
    except MemoryError:
        found = Found(bad=("FILE_TOO_LARGE", "The file takes more memory to read than a list of borrowers would."))
    _write(Message(found=found))
    sys.stdout.buffer.write(lines)


def _tell(checked_rows: int, total_rows: int) -> None:
    _write(Message(progress=Progress(checked_rows=checked_rows, total_rows=total_rows)))


def _write(message: Message) -> None:
    sys.stdout.buffer.write(message.model_dump_json(exclude_none=True).encode() + b"\n")
    sys.stdout.buffer.flush()


def _say_where(kind: type[BaseException], _: BaseException, where: TracebackType | None) -> None:
    """Tell of a mistake of ours by its kind and place: its text may hold what stands in the file."""
    last = traceback.extract_tb(where)[-1]
    print(f"{MARK}{kind.__name__} at {Path(last.filename).name}:{last.lineno}", file=sys.stderr)


def main() -> None:
    """Read the command line, which has nothing to say, and answer."""
    argparse.ArgumentParser(prog="python -m services.customers.check_process", description=__doc__).parse_args()
    sys.excepthook = _say_where
    answer()


if __name__ == "__main__":
    main()
