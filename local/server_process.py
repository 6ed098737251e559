"""A server program that runs as our child, is waited for until ready, and never outlives us."""

import contextlib
import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from local.leash import leashed

START_TIMEOUT_S: Final = 20.0
STOP_TIMEOUT_S: Final = 10.0
PORT_ATTEMPTS: Final = 3
_LOG_LINES_SHOWN: Final = 12


class CannotStart(Exception):
    """A server did not come up; the text says why and ends with the last lines of its log."""


@dataclass(frozen=True)
class Account:
    """The user that a server runs as. Postgres refuses to run as root."""

    uid: int
    gid: int

    @classmethod
    def for_servers(cls) -> Self:
        """Return who we are, or `nobody` when we are root."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        nobody = pwd.getpwnam("nobody")
        return cls(nobody.pw_uid, nobody.pw_gid)

    @property
    def is_us(self) -> bool:
        """Whether our own process runs as this account."""
        return self.uid == os.geteuid()

    def can_run(self, program: Path) -> bool:
        """Tell whether this account can reach and run `program`, by running it with `--version`."""
        return self.run([str(program), "--version"]).returncode == 0

    def can_write(self, directory: Path) -> bool:
        """Tell whether this account can reach `directory` and write in it."""
        return self.run(["/bin/sh", "-c", 'test -w "$0"', str(directory)]).returncode == 0

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run `command` to its end as this account, from `/`, which every account can reach."""
        whole = leashed(command, user=(self.uid, self.gid))
        return subprocess.run(whole, cwd="/", capture_output=True, text=True, check=False, timeout=60)


class ServerProcess:
    """A server that runs as `account`, with its log in a file and a stop signal of its own.

    On Linux it also stops when we are killed; see `leashed` for who may start it.
    """

    def __init__(
        self, command: Sequence[str], *, account: Account, log: Path, stop_signal: signal.Signals, stdin: bytes = b""
    ) -> None:
        self._name, self._log, self._stop_signal = Path(command[0]).name, log, stop_signal
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                leashed(command, last_word=stop_signal, user=(account.uid, account.gid)),
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C at the terminal is meant for us: we stop our servers in order
            )
        assert self._process.stdin is not None  # noqa: S101  asked for above; tells the type checker
        with contextlib.suppress(BrokenPipeError), self._process.stdin as pipe:  # `wait_until` tells why it ended
            pipe.write(stdin)

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._process.pid

    def wait_until(self, is_ready: Callable[[], bool], timeout_s: float = START_TIMEOUT_S) -> None:
        """Wait until `is_ready` says so; else stop the server and raise `CannotStart` with the end of its log."""
        deadline = time.monotonic() + timeout_s
        while not is_ready():
            if self._process.poll() is not None:
                raise CannotStart(self._explain(f"ended with code {self._process.returncode}"))
            if time.monotonic() > deadline:
                self.stop()
                raise CannotStart(self._explain(f"was not ready within {timeout_s:g} s"))
            time.sleep(0.01)

    def stop(self) -> None:
        """Ask the server to end, wait, and kill its process group if it does not. May be called twice."""
        if self._process.poll() is not None:
            return
        self._process.send_signal(self._stop_signal)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _explain(self, what: str) -> str:
        lines = self._log.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:]
        return "\n".join([f"{self._name} {what}. The end of {self._log}:", *lines])


def start_on_free_port(start: Callable[[int], ServerProcess]) -> ServerProcess:
    """Call `start` with a free loopback port, and again with another if that one was taken in between."""
    for attempts_left in reversed(range(PORT_ATTEMPTS)):
        try:
            return start(_free_port())
        except CannotStart as error:
            if not attempts_left or "in use" not in str(error):
                raise
    raise AssertionError("unreachable")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
