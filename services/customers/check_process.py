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
from services.customers.checking import MARK, READY, Ask, Bad, Found, Message, Progress
from services.customers.findings import BadFile
from services.customers.upload_model import Report

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
    try:
        checked = check_file(sys.stdin.buffer.read(), lender_name=ask.lender_name, today=ask.today, tell=_tell)
        clean = written_out(checked)
        _end(clean.report, clean.lines, Found(clean=replace(clean, report=_bare(clean.report), lines=b"")))
    except BadFile as error:
        report = error.report
        _end(report, b"", Found(bad=Bad(code=error.code, message=str(error), report=report and _bare(report))))
    except MemoryError:
        words = "The file takes more memory to read than a list of borrowers would."
        _end(None, b"", Found(bad=Bad(code="FILE_TOO_LARGE", message=words)))


def _bare(report: Report) -> Report:
    return replace(report, rejected=b"")


def _end(report: Report | None, lines: bytes, found: Found) -> None:
    rejected = report.rejected if report else b""
    sizes = {"lines_bytes": len(lines), "rejected_bytes": len(rejected)}
    _write(Message(found=found.model_copy(update=sizes)))
    sys.stdout.buffer.write(lines)
    sys.stdout.buffer.write(rejected)


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
