import json
import logging
import queue
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from voicekit import log_files
from voicekit.log_files import LogFiles, as_text, open_log_files

AS_IT_IS = logging.Formatter("%(message)s")
NAMES = {
    *("application.log", "errors.log", "websocket.log", "tts.log", "database.log", "calls.log"),
    *("calls.json", "websocket.json"),
}


@pytest.fixture
def files(tmp_path: Path) -> Iterator[LogFiles]:
    opened = open_log_files(tmp_path, "telephony", AS_IT_IS, max_bytes=2_000)
    yield opened
    opened.close()


def tell(files: LogFiles, logger: str, event: str, level: int = logging.INFO, **fields: object) -> None:
    line = {"event": event, "logger": logger, "level": logging.getLevelName(level).lower(), **fields}
    files.handler.handle(logging.makeLogRecord({"name": logger, "levelno": level, "msg": json.dumps(line)}))


def lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(program), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_each_record_goes_to_the_file_that_users_look_into(files: LogFiles) -> None:
    tell(files, "calls", "CALL_INITIATED", customer_id=7)
    tell(files, "websocket", "WEBSOCKET_CONNECTED")
    tell(files, "tts", "TTS_SYNTHESIS_SUCCESS")
    tell(files, "database", "DATABASE_OPERATION", level=logging.ERROR)
    tell(files, "services.telephony.service", "Exotel is listened to.")
    tell(files, "calls", "a detail", level=logging.DEBUG)
    files.close()
    assert {path.name for path in files.folder.iterdir()} == {*NAMES, ".lock"}
    found = {name: "\n".join(lines(files.folder / name)) for name in NAMES}
    assert "CALL_INITIATED" in found["calls.log"] and "a detail" not in found["calls.log"]
    assert json.loads(found["calls.json"]) == {
        **{"event": "CALL_INITIATED", "logger": "calls", "level": "info"},
        "customer_id": 7,
    }
    assert json.loads(found["websocket.json"])["event"] == "WEBSOCKET_CONNECTED"
    for name, event in (("websocket.log", "WEBSOCKET"), ("tts.log", "TTS_"), ("application.log", "Exotel is")):
        assert found[name].count("\n") == 0 and event in found[name]
    assert "DATABASE_OPERATION" in found["database.log"] and "DATABASE_OPERATION" in found["errors.log"]
    assert "DATABASE" not in found["application.log"]


def test_a_line_of_a_file_is_a_line_whatever_is_in_it() -> None:
    forged = "x\n2026-11-23 ERROR calls forged"
    line = {"timestamp": "t", "level": "info", "logger": "calls", "event": "E", "reason": forged, "count": 3, "a": "b"}
    text = as_text(json.dumps(line))
    assert len(text.splitlines()) == 1
    assert text.startswith("t INFO    calls E reason=") and text.endswith("count=3 a=b")
    assert len(as_text(json.dumps({"event": forged})).splitlines()) == 1


def test_a_file_is_turned_over_and_no_line_is_torn_or_lost(files: LogFiles) -> None:
    for number in range(100):
        tell(files, "calls", "CALL_INITIATED", number=number)
    files.close()
    kept = sorted(files.folder.glob("calls.json*"), reverse=True)
    assert 3 < len(kept) <= 6
    assert all(path.stat().st_size <= 2_000 for path in kept)
    assert [json.loads(line)["number"] for path in kept for line in lines(path)] == list(range(100))


def test_only_five_files_are_kept_behind_each(files: LogFiles) -> None:
    for number in range(400):
        tell(files, "calls", "CALL_INITIATED", number=number)
    files.close()
    assert len(list(files.folder.glob("calls.log*"))) == 6


def test_two_processes_of_one_service_write_to_folders_of_their_own(tmp_path: Path) -> None:
    first = open_log_files(tmp_path, "telephony", AS_IT_IS)
    second = open_log_files(tmp_path, "telephony", AS_IT_IS)
    assert (first.folder.name, second.folder.name) == ("telephony", "telephony-2")
    first.close()
    third = open_log_files(tmp_path, "telephony", AS_IT_IS)
    assert third.folder.name == "telephony"  # who is gone leaves its place
    second.close()
    third.close()


def test_a_full_queue_costs_lines_and_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(log_files.dropped, "queue", 0)
    opened = open_log_files(tmp_path, "telephony", AS_IT_IS)
    opened.close()  # nobody empties the queue any more
    handler = log_files._Queue(queue.Queue(3))
    for _ in range(10):
        handler.handle(logging.makeLogRecord({"name": "calls", "levelno": logging.INFO, "msg": "{}"}))
    assert log_files.dropped["queue"] == 7


def test_a_full_disk_costs_lines_and_never_the_process(tmp_path: Path) -> None:
    """No file may grow beyond 3,000 bytes for a while: to a program that is the same as a full disk."""
    program = """
        import atexit, resource, signal, sys
        from pathlib import Path
        import structlog
        from voicekit import log_files
        from voicekit.logs import set_up_logs

        atexit.register(lambda: print("DROPPED", log_files.dropped["disk"]))  # last, when all is written
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        set_up_logs("telephony", directory=Path(sys.argv[1]))
        if sys.argv[2] == "full":
            resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, resource.RLIM_INFINITY))
        log = structlog.get_logger("calls")
        for number in range(200):
            log.info("CALL_INITIATED", number=number)
        """
    full, free = run(program, str(tmp_path), "full"), run(program, str(tmp_path), "free")
    for told in (full, free):
        assert told.returncode == 0 and told.stderr == ""
        assert told.stdout.count("CALL_INITIATED") == 200  # stdout is the truth
    assert int(re.findall(r"DROPPED (\d+)", full.stdout)[0]) > 100
    assert int(re.findall(r"DROPPED (\d+)", free.stdout)[0]) == 0
    written = lines(tmp_path / "telephony" / "calls.json")
    whole = [json.loads(line)["number"] for line in written if line.endswith("}")]
    assert whole[:5] == [0, 1, 2, 3, 4] and whole[-200:] == list(range(200))
    assert len(written) - len(whole) <= 1  # what the disk cut off; the next line begins anew


def test_a_folder_that_is_taken_away_stops_nobody(tmp_path: Path) -> None:
    told = run(
        """
        import shutil, sys
        from pathlib import Path
        import structlog
        from voicekit.logs import set_up_logs

        set_up_logs("telephony", directory=Path(sys.argv[1]))
        log = structlog.get_logger("calls")
        log.info("before")
        shutil.rmtree(sys.argv[1])
        log.info("after")
        """,
        str(tmp_path / "logs"),
    )
    assert told.returncode == 0 and told.stderr == ""
    assert '"after"' in told.stdout


def test_a_folder_that_cannot_be_made_is_told_and_costs_only_the_files(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file, not a folder")
    told = run(
        """
        import sys
        from pathlib import Path
        import structlog
        from voicekit.logs import set_up_logs

        set_up_logs("telephony", directory=Path(sys.argv[1]))
        structlog.get_logger("calls").info("CALL_INITIATED")
        """,
        str(tmp_path / "logs"),
    )
    assert told.returncode == 0
    assert "The log files cannot be written." in told.stdout and "CALL_INITIATED" in told.stdout


def test_files_hold_the_lines_of_stdout_whatever_a_person_at_the_terminal_sees(tmp_path: Path) -> None:
    told = run(
        """
        import logging, sys
        from pathlib import Path
        import structlog
        from voicekit.logs import bind, set_up_logs

        set_up_logs("speech", log_format="text", directory=Path(sys.argv[1]))
        bind(call_id="c1")
        structlog.get_logger("calls").info("CALL_INITIATED", phone="+919999900012", details={"name": "Asha Rao"})
        logging.getLogger("calls").warning("from a library: %s", "9999900012")
        """,
        str(tmp_path),
    )
    assert told.returncode == 0, told.stderr
    assert "CALL_INITIATED" in told.stdout and '{"' not in told.stdout
    ours, theirs = (json.loads(line) for line in lines(tmp_path / "speech" / "calls.json"))
    assert ours["call_id"] == "c1" and ours["service"] == "speech"
    assert ours["phone"] == "[hidden]" and ours["details"] == {"name": "[hidden]"}
    assert theirs["event"] == "from a library: ******0012" and theirs["call_id"] == "c1"
