"""Signing in and out: a random token in the browser, its hash and the rest in the store."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from services.dashboard.people import Directory, Person, Unauthenticated
from services.dashboard.ports import SignInStore
from voicekit.clock import Now
from voicekit.errors import Overloaded, Refused

log = structlog.get_logger(__name__)

ATTEMPTS_PER_MINUTE: Final = 10


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new sign-in."""

    token: str
    """For the browser's cookie; nobody else keeps it."""
    person: Person


class SignIns:
    """Who is signed in."""

    def __init__(
        self, directory: Directory, store: SignInStore, now: Now, *, idle_seconds: int, most_seconds: int
    ) -> None:
        self._directory, self._store, self._now = directory, store, now
        self._idle, self._most = idle_seconds, most_seconds

    async def sign_in(self, name: str, password: str, address: str) -> SignedIn:
        """Sign somebody in who asks from `address`; `Unauthenticated`, `Overloaded` after too many attempts."""
        for key in (f"name:{_digest(name)}", f"address:{_digest(address)}"):
            if await self._store.count_attempt(key) > ATTEMPTS_PER_MINUTE:
                raise Overloaded("Too many attempts to sign in. Wait a minute.")
        try:
            account = await self._directory.check(name, password)
        except Unauthenticated:
            log.warning("A sign-in was refused.")  # without the name: people type passwords there
            raise
        token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        key = _digest(token)
        fields = {"user": account.name, "csrf": csrf, "began": self._now().isoformat()}
        await self._store.put(key, fields, self._idle)
        log.info("Somebody signed in.", user=account.name, role=account.role)
        return SignedIn(token, Person(account.name, account.role, key, csrf))

    async def find(self, token: str) -> Person:
        """Return who has this token; `Unauthenticated` when the sign-in is over."""
        return await self.find_by_key(_digest(token))

    async def find_by_key(self, key: str) -> Person:
        """Return who is signed in under `key`, with the role that they have now; `Unauthenticated`."""
        fields = await self._store.get(key, self._idle)
        account = self._directory.find(fields.get("user", ""))
        if account is None:
            raise Unauthenticated("Sign in.")
        age = self._now() - datetime.fromisoformat(fields["began"])
        if age.total_seconds() > self._most:
            await self._store.delete(key)
            raise Unauthenticated("You were signed in for long. Sign in again.")
        return Person(account.name, account.role, key, fields["csrf"])

    async def sign_out(self, person: Person) -> None:
        """End a sign-in, in all windows."""
        await self._store.delete(person.session_key)
        log.info("Somebody signed out.", user=person.name)

    def by_token(self, token: str) -> Person:
        """Return the program that has this API token; `Unauthenticated`."""
        return self._directory.by_token(token)


def check_csrf(person: Person, token: str) -> None:
    """Refuse a request that changes something and was not sent by our own page; programs with a token may."""
    if person.session_key and not hmac.compare_digest(person.csrf_token.encode(), token.encode()):
        raise Refused("The page is out of date: load it again.", "X-CSRF-Token")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
