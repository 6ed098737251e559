"""An endpoint: a path, who may ask, and a handler whose annotations say what goes in and comes out.

A handler is `async def handler(asked, path, query, header, body, form) -> Answer`: of these parts it names those that
it needs, each a pydantic model. They are what the request is checked by and what /openapi.json is made of.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import UnionType
from typing import Any, Final, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from services.dashboard.people import Person, Role, Unauthenticated
from services.dashboard.web.guard import Guard
from voicekit.errors import InvalidInput, VoiceError

M = TypeVar("M", bound=BaseModel)

MAX_BODY: Final = 2 * 1024 * 1024
_PARTS: Final = ("path", "query", "header", "body", "form")


class Input(BaseModel):
    """What comes in; a name that is not known is refused, since a mistyped filter must not mean everybody."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class UnsupportedMedia(VoiceError):
    """The body is of another kind than this endpoint reads."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and who sent it."""

    request: web.Request
    person: Person


@dataclass(frozen=True, slots=True)
class Accepted(Generic[M]):
    """An answer to what is only begun: 202."""

    body: M


Handler = Callable[..., Awaitable[BaseModel | Accepted[Any] | web.StreamResponse]]


@dataclass(frozen=True)
class Endpoint:
    """One of the things that can be asked."""

    method: str
    path: str
    handler: Handler
    needs: Role | None
    """The least role; None for anybody, signed in or not."""
    page: bool = False
    """True for a page: who is not signed in is sent to sign in."""
    media_type: str = "application/json"
    """Of the answer."""
    takes_file: bool = False
    """True when the body is multipart, with one part `file` that the handler reads itself."""
    websocket: bool = False

    @property
    def hints(self) -> Mapping[str, Any]:
        """Annotations of the handler: its inputs by name, its answer as `return`."""
        return get_type_hints(self.handler)

    @property
    def inputs(self) -> dict[str, type[BaseModel]]:
        """What the handler needs, by where in the request it stands: path, query, header, body or form."""
        return {name: self.hints[name] for name in _PARTS if name in inspect.signature(self.handler).parameters}

    @property
    def answers(self) -> dict[HTTPStatus, type[BaseModel]]:
        """What the handler returns, by status; what is no JSON of ours is left out."""
        told = self.hints["return"]
        answers: dict[HTTPStatus, type[BaseModel]] = {}
        for kind in get_args(told) if get_origin(told) in (Union, UnionType) else (told,):
            if get_origin(kind) is Accepted:
                answers[HTTPStatus.ACCEPTED] = get_args(kind)[0]
            elif isinstance(kind, type) and issubclass(kind, BaseModel):
                answers[HTTPStatus.OK] = kind
        return answers


def add(app: web.Application, endpoint: Endpoint, guard: Guard) -> None:
    """Serve an endpoint, behind the guard."""
    inputs = endpoint.inputs

    async def serve(request: web.Request) -> web.StreamResponse:
        try:
            person = await guard.admit(request, endpoint.needs)
        except Unauthenticated:
            if endpoint.page:
                raise web.HTTPSeeOther("/login") from None
            raise
        given = {name: await _read(request, name, model) for name, model in inputs.items()}
        answer = await endpoint.handler(Asked(request, person), **given)
        if isinstance(answer, Accepted):
            return to_json(answer.body, HTTPStatus.ACCEPTED)
        return answer if isinstance(answer, web.StreamResponse) else to_json(answer)

    app.router.add_route(endpoint.method, endpoint.path, serve)


def to_json(answer: BaseModel, status: int = 200) -> web.Response:
    """Make a response of a value."""
    return web.Response(body=answer.model_dump_json().encode(), status=status, content_type="application/json")


async def _read(request: web.Request, part: str, model: type[BaseModel]) -> BaseModel:
    raw = await _raw(request, part, model)
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(step) for step in problem["loc"]) or part
        raise InvalidInput(problem["msg"], where) from error


async def _raw(request: web.Request, part: str, model: type[BaseModel]) -> Any:
    match part:
        case "path":
            return dict(request.match_info)
        case "query":
            return dict(request.query)
        case "header":  # of all headers, those that are asked for
            wanted = {field.alias or name for name, field in model.model_fields.items()}
            return {name: request.headers[name] for name in wanted if name in request.headers}
        case "form":
            return dict(await request.post())
        case _:
            return await _raw_body(request)


async def _raw_body(request: web.Request) -> Any:
    if request.content_type != "application/json":
        raise UnsupportedMedia("Send JSON, as `Content-Type: application/json`.")
    try:
        return orjson.loads(await request.read())
    except orjson.JSONDecodeError as error:
        raise InvalidInput("This is no JSON.", "body") from error
