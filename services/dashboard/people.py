"""Who may do what: people with passwords, programs with tokens, and three roles."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.dashboard.passwords import DUMMY, verify
from voicekit.errors import VoiceError


class Unauthenticated(VoiceError):
    """Nobody knows who asks."""


class Role(StrEnum):
    """What somebody may do; each role may also do what those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def may(self, needed: "Role") -> bool:
        """Tell whether this role may do what `needed` may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks."""

    name: str
    role: Role
    session_key: str = ""
    """Key of the sign-in; empty for programs with a token."""
    csrf_token: str = ""
    """What every request that changes something must carry; empty for programs with a token."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in."""

    name: str
    role: Role
    password_hash: str


class Directory:
    """All who may come in, as the settings name them."""

    def __init__(self, accounts: Mapping[str, Account], tokens: Mapping[str, Role]) -> None:
        """Know `accounts` by name, and `tokens` by their SHA-256 in hex."""
        self._accounts, self._tokens = accounts, tokens
        self._at_once = asyncio.Semaphore(2)  # each check takes a core and 32 MiB

    async def check(self, name: str, password: str) -> Account:
        """Return who signs in; `Unauthenticated` in the same words and time whatever is wrong."""
        account = self._accounts.get(name)
        async with self._at_once:
            right = await verify(password, account.password_hash if account else DUMMY)
        if account is None or not right:
            raise Unauthenticated("The name or the password is wrong.")
        return account

    def find(self, name: str) -> Account | None:
        """Return the account with this name, if there still is one."""
        return self._accounts.get(name)

    def by_token(self, token: str) -> Person:
        """Return the program that has this token; `Unauthenticated`."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        # The digest is looked up, not the token: how long that takes tells nothing about any token.
        role = self._tokens.get(digest)
        if role is None:
            raise Unauthenticated("This token is not known.")
        return Person(f"token:{digest[:8]}", role)
