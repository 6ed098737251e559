"""Signing in and out."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from aiohttp import web
from pydantic import Field

from services.dashboard.model import Value
from services.dashboard.passwords import MAX_LENGTH
from services.dashboard.people import Role, Unauthenticated
from services.dashboard.sign_in import SignIns
from services.dashboard.web.endpoint import Asked, Input
from services.dashboard.web.pages import login_page
from voicekit.errors import Overloaded

Left = Callable[[str], Awaitable[None]]


class SignInForm(Input):
    """Who signs in."""

    name: Annotated[str, Field(max_length=100)]
    password: Annotated[str, Field(max_length=MAX_LENGTH)]


class Me(Value):
    """Who is signed in."""

    name: str
    role: Role
    csrf_token: str
    """To be sent as X-CSRF-Token with every request that changes something."""
    examples: bool
    """Whether there are example files to try the upload with."""


class SignedOut(Value):
    """The sign-in has ended."""

    signed_out: bool = True


class SignInApi:
    """Signs people in and out."""

    def __init__(self, sign_ins: SignIns, left: Left, *, cookie: str, secure: bool, seconds: int) -> None:
        """Call `left` with the key of each sign-in that ends, so that its live pages end too."""
        self._sign_ins, self._left = sign_ins, left
        self._cookie, self._secure, self._seconds = cookie, secure, seconds

    async def form(self, _: Asked) -> web.Response:
        """Show the form."""
        return login_page()

    async def sign_in(self, asked: Asked, form: SignInForm) -> web.StreamResponse:
        """Sign in, and go to the dashboard."""
        try:
            signed_in = await self._sign_ins.sign_in(form.name, form.password, asked.request.remote or "")
        except Unauthenticated as error:
            return login_page(str(error), 401, form.name)
        except Overloaded as error:
            return login_page(str(error), 429, form.name)
        answer = web.HTTPSeeOther("/")
        answer.set_cookie(
            self._cookie,
            signed_in.token,
            max_age=self._seconds,
            path="/",
            httponly=True,
            secure=self._secure,
            samesite="Strict",
        )
        raise answer

    async def me(self, asked: Asked) -> Me:
        """Tell who is signed in, and the token that changes need."""
        return Me(
            name=asked.person.name,
            role=asked.person.role,
            csrf_token=asked.person.csrf_token,
            examples=not self._secure,
        )

    async def sign_out(self, asked: Asked) -> web.StreamResponse:
        """End the sign-in, in all windows."""
        if asked.person.session_key:
            await self._sign_ins.sign_out(asked.person)
            await self._left(asked.person.session_key)
        answer = web.json_response(SignedOut().model_dump())
        answer.del_cookie(self._cookie, path="/", httponly=True, secure=self._secure, samesite="Strict")
        return answer
