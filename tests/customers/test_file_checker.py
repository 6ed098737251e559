"""The process that reads files: what comes of it when it fails, dies or is killed."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.customers.check_file import written_out
from services.customers.file_checker import ProcessFileChecker
from services.customers.findings import BadFile
from services.customers.upload_model import CleanFile
from tests.customers.test_check_file import GOOD, HEADER, TODAY, check
from voicekit.errors import ProviderDown

ROOT = Path(__file__).parents[2]
DATA = (HEADER + GOOD + "Ravi,98\n").encode()
BIG = DATA + b"\n" * 1_000_000
"""More than a pipe holds."""
SAYS_READY = "import os, sys; print('ready', flush=True); "
TAKES_FILE = SAYS_READY + "sys.stdin.buffer.read(); "


def program(code: str) -> Sequence[str]:
    return (sys.executable, "-S", "-c", code)


async def checked(checker: ProcessFileChecker, data: bytes = DATA) -> CleanFile:
    return await checker.check(data, lender_name="Asha Finance", today=TODAY)


async def test_it_finds_what_is_found_here_and_tells_how_far_it_is() -> None:
    told: list[tuple[int, int]] = []
    found = await ProcessFileChecker().check(
        DATA, lender_name="Asha Finance", today=TODAY, tell=lambda *rows: told.append(rows)
    )
    assert found == written_out(check(DATA))
    assert (told[0], told[-1]) == ((0, 2), (2, 2))
    with pytest.raises(BadFile) as refusal:
        await checked(ProcessFileChecker(), b"")
    assert refusal.value.code == "FILE_EMPTY"


async def test_one_that_takes_too_long_is_killed() -> None:
    with pytest.raises(BadFile, match="could not be read within"):
        await checked(ProcessFileChecker(timeout_s=0.01))


@pytest.mark.parametrize(
    ("code", "data", "error"),
    [
        pytest.param("raise SystemExit(3)", BIG, ProviderDown, id="dies before it reads"),
        pytest.param("import os; os.close(0); os.close(1)", BIG, ProviderDown, id="closes its input"),
        pytest.param("import os; os.kill(os.getpid(), 9)", BIG, ProviderDown, id="is killed before it reads"),
        pytest.param("print('hello')", DATA, ProviderDown, id="is another program"),
        pytest.param(SAYS_READY + "sys.stdin.buffer.read(9); os._exit(3)", BIG, BadFile, id="dies in the middle"),
        pytest.param(TAKES_FILE + "os.abort()", DATA, BadFile, id="is aborted by the file"),
        pytest.param(TAKES_FILE + "os.kill(os.getpid(), 9)", DATA, ProviderDown, id="is killed when memory is short"),
        pytest.param(TAKES_FILE, DATA, BadFile, id="says nothing"),
        pytest.param(TAKES_FILE + "print('{\"found\":')", DATA, BadFile, id="answers garbage"),
        pytest.param(
            TAKES_FILE + 'print(\'{"found": {"bad": {"code": "A", "message": "B"}, "lines_bytes": 9}}\\nshort\')',
            DATA, BadFile, id="is cut off in its answer",
        ),
    ],
)  # fmt: skip
async def test_one_that_fails_twice_is_told_as_what_it_is(code: str, data: bytes, error: type[Exception]) -> None:
    with capture_logs() as logs, pytest.raises(error) as failure:
        await checked(ProcessFileChecker(command=program(code)), data)
    assert type(failure.value) is error
    assert [log["event"] for log in logs].count("The process that reads files gave no answer.") == 2


async def test_a_program_that_is_not_there_is_no_fault_of_the_file() -> None:
    with pytest.raises(ProviderDown, match="try again"):
        await checked(ProcessFileChecker(command=("/nowhere/python",)))


async def test_one_that_was_killed_is_replaced_once(tmp_path: Path) -> None:
    code = f"""
import os, pathlib, runpy
if not (mark := pathlib.Path({str(tmp_path / "mark")!r})).exists():
    mark.touch()
    os.kill(os.getpid(), 9)
runpy.run_module("services.customers.check_process", run_name="__main__")
"""
    assert await checked(ProcessFileChecker(command=(sys.executable, "-c", code))) == written_out(check(DATA))


async def test_the_one_that_is_kept_ready_is_used_and_need_not_live() -> None:
    checker = ProcessFileChecker()
    await checker.prepare()
    assert (await checked(checker)).kept_rows == 1
    await checker.prepare()
    assert checker._spare
    checker._spare.kill()
    assert (await checked(checker)).kept_rows == 1
    await checker.prepare()
    await checker.close()


async def test_its_last_words_are_told_but_nothing_out_of_the_file() -> None:
    code = TAKES_FILE + "print('check_process: KeyError at dates.py:7\\nAsha Rao owes 4550', file=sys.stderr)"
    with capture_logs() as logs, pytest.raises(BadFile):
        await checked(ProcessFileChecker(command=program(code)))
    ends = [log for log in logs if "last_words" in log]
    assert [(log["code"], log["last_words"]) for log in ends] == [(0, "check_process: KeyError at dates.py:7")] * 2
    with capture_logs() as logs, pytest.raises(ProviderDown):
        await checked(ProcessFileChecker(command=program("import nothing_of_this_name")))
    assert "No module named" in logs[0]["last_words"]


def test_a_mistake_of_ours_is_told_by_kind_and_place_alone() -> None:
    asked = '{"lender_name": "Asha Finance", "today": "Asha Rao"}\n'
    command = [sys.executable, "-m", "services.customers.check_process"]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], input=asked, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("check_process: ValidationError at ")
    assert "Asha" not in done.stderr


def test_the_program_explains_itself() -> None:
    command = [sys.executable, "-m", "services.customers.check_process", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "checking.py" in done.stdout
