"""Passwords, hashed by scrypt. `python -m services.dashboard.passwords` asks for one and prints its hash."""

import argparse
import asyncio
import base64
import getpass
import hashlib
import hmac
import secrets
from typing import Final

# OWASP's second choice after Argon2id: 32 MiB and about 0.2 s a try.
_N, _R, _P = 2**15, 8, 3
_MAX_MEMORY: Final = 64 * 1024 * 1024
MAX_LENGTH: Final = 200


def hash_password(password: str, n: int = _N) -> str:
    """Return `scrypt$n$r$p$salt$hash`, salt and hash in base64; `n`, a power of 2, says how dear a try is."""
    salt = secrets.token_bytes(16)
    return f"scrypt${n}${_R}${_P}${_text(salt)}${_text(_scrypt(password[:MAX_LENGTH], salt, n, _R, _P))}"


async def verify(password: str, hashed: str) -> bool:
    """Tell whether `password` is the one that was hashed; computed off the loop, with a core and 32 MiB."""
    return await asyncio.to_thread(_verify, password, hashed)


def _verify(password: str, hashed: str) -> bool:
    _, n, r, p, salt, wanted = hashed.split("$")
    found = _scrypt(password[:MAX_LENGTH], base64.b64decode(salt), int(n), int(r), int(p))
    return hmac.compare_digest(found, base64.b64decode(wanted))


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MAX_MEMORY, dklen=32)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


DUMMY: Final = f"scrypt${_N}${_R}${_P}${_text(bytes(16))}${_text(bytes(32))}"
"""What is compared when there is no such user, so that the answer takes as long."""


def main() -> None:
    """Ask for a password and print its hash."""
    argparse.ArgumentParser(
        prog="python -m services.dashboard.passwords",
        description="Asks for a password, unseen, and prints its hash: `password_hash` in DASHBOARD_USERS.",
    ).parse_args()
    print(hash_password(getpass.getpass("Password: ")))


if __name__ == "__main__":
    main()
