"""Lets nobody in who is not known, may not do this, or was sent here by another site's page."""

from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from services.dashboard.people import Person, Role, Unauthenticated
from services.dashboard.sign_in import SignIns, check_csrf
from voicekit.errors import Refused

SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")
CSRF_HEADER: Final = "X-CSRF-Token"
CSRF_FIELD: Final = "csrf_token"
NOBODY: Final = Person("", Role.VIEWER)


class Guard:
    """Stands before every endpoint."""

    def __init__(self, sign_ins: SignIns, *, cookie: str, origins: Collection[str] = ()) -> None:
        """Know the cookie's name, and the origins that pages may come from besides our own."""
        self._sign_ins, self._origins = sign_ins, frozenset(origins)
        self.cookie = cookie

    async def admit(self, request: web.Request, needs: Role | None) -> Person:
        """Return who asks; `Unauthenticated`, or `Refused` when they may not."""
        changes = request.method not in SAFE_METHODS
        if changes:
            self.check_origin(request)
        if needs is None:
            return NOBODY
        person = await self.identify(request)
        if not person.role.may(needs):
            raise Refused(f"This needs the role {needs}; yours is {person.role}.")
        if changes:
            check_csrf(person, await _csrf_of(request))
        return person

    async def identify(self, request: web.Request) -> Person:
        """Return who asks, by token or by cookie; `Unauthenticated`."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if token:
            if kind.lower() != "bearer":
                raise Unauthenticated("Send `Authorization: Bearer` and a token.")
            return self._sign_ins.by_token(token.strip())
        if cookie := request.cookies.get(self.cookie):
            return await self._sign_ins.find(cookie)
        raise Unauthenticated("Sign in.")

    def check_origin(self, request: web.Request, *, required: bool = False) -> None:
        """Refuse a request that another site's page sends; with `required`, also one that does not tell."""
        origin = request.headers.get("Origin")
        if origin is None and not required:
            return
        if origin is None or (urlsplit(origin).netloc != request.host and origin not in self._origins):
            raise Refused("This page may not ask here.", "Origin")


async def _csrf_of(request: web.Request) -> str:
    """Return the page's token: from the header, or from the form of a page that works without scripts."""
    if request.content_type == "application/x-www-form-urlencoded":
        return str((await request.post()).get(CSRF_FIELD, ""))
    return request.headers.get(CSRF_HEADER, "")
