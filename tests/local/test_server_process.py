import os
import signal
from pathlib import Path

import pytest

from local.server_process import Account, CannotStart, ServerProcess, start_on_free_port

US = Account(os.geteuid(), os.getegid())


def start(tmp_path: Path, *command: str, stdin: bytes = b"") -> ServerProcess:
    log = tmp_path / "server.log"
    return ServerProcess(command, account=US, log=log, stop_signal=signal.SIGTERM, stdin=stdin)


def test_a_program_that_ends_before_it_has_read_its_settings_is_reported(tmp_path: Path) -> None:
    server = start(tmp_path, "/bin/sh", "-c", "echo bad settings; exit 3", stdin=bytes(1_000_000))
    with pytest.raises(CannotStart, match=r"(?s)sh ended with code 3.*bad settings"):
        server.wait_until(lambda: False)


def test_a_server_that_is_never_ready_is_stopped(tmp_path: Path) -> None:
    server = start(tmp_path, "/bin/sleep", "1000")
    with pytest.raises(CannotStart, match=r"sleep was not ready within 0\.05 s"):
        server.wait_until(lambda: False, timeout_s=0.05)
    assert not Path(f"/proc/{server.pid}").exists()


def test_a_server_that_ignores_its_stop_signal_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.server_process.STOP_TIMEOUT_S", 0.05)
    server = start(tmp_path, "/bin/sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1; done")
    server.wait_until(lambda: "deaf" in (tmp_path / "server.log").read_text())
    server.stop()
    assert not Path(f"/proc/{server.pid}").exists()


def test_a_port_that_was_taken_in_between_is_replaced_by_another() -> None:
    tried: list[int] = []

    def launch(port: int) -> ServerProcess:
        tried.append(port)
        raise CannotStart("could not bind: Address already in use" if len(tried) < 3 else "another reason")

    with pytest.raises(CannotStart, match="another reason"):
        start_on_free_port(launch)
    assert len(tried) == 3


def test_a_program_that_is_not_there_cannot_be_run() -> None:
    assert not US.can_run(Path("/no/such/program"))
    assert US.run(["/bin/echo", "here"]).stdout == "here\n"
