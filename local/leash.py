"""Becomes another program, one that ends when its parent does: a parent that is killed can stop nobody any more.

The kernel sees to it. It has to be asked in the child, once that runs as the user that it is to be, since a change of
user makes the kernel forget; and code between a fork and its program is not safe beside threads. So this file is run by
itself, with nothing of ours around it, and gives its place to the program. Only Linux knows of such a wish.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def leashed(
    command: Sequence[str], *, last_word: signal.Signals = signal.SIGKILL, user: tuple[int, int] | None = None
) -> list[str]:
    """Return how to start `command` as a child of ours, as another `user` (uid and gid) where one is given.

    The kernel sends it `last_word` as soon as the thread that has started it ends. So start it from a thread that lives
    as long as it should, as a rule the main one.
    """
    uid, gid = user or (os.geteuid(), os.getegid())
    to_come = (os.getpid(), int(last_word), uid, gid)
    return [sys.executable, "-I", "-S", __file__, *map(str, to_come), *command]


def _become(command: list[str], parent: int, last_word: int, uid: int, gid: int) -> None:
    if uid != os.geteuid():
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, last_word, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("whoever started this has ended meanwhile")
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, which a program would inherit
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)  # noqa: S606 -- what our own starter asks for
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    _become(sys.argv[5:], *map(int, sys.argv[1:5]))
