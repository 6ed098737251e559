"""What every answer has: errors in one shape, and headers that keep browsers careful."""

from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel

from services.dashboard.people import Unauthenticated
from services.dashboard.web.calling import Declined
from services.dashboard.web.endpoint import UnsupportedMedia, to_json
from services.dashboard.web.uploads import TooLarge
from voicekit.errors import (
    AlreadyExists,
    InvalidInput,
    NotFound,
    Overloaded,
    ProviderDown,
    Refused,
    VoiceError,
    WrongState,
)
from voicekit.interceptors import to_voice_error

log = structlog.get_logger(__name__)

ERRORS: Final[dict[type[VoiceError], tuple[HTTPStatus, str]]] = {
    InvalidInput: (HTTPStatus.BAD_REQUEST, "INVALID_INPUT"),
    Unauthenticated: (HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED"),
    Refused: (HTTPStatus.FORBIDDEN, "FORBIDDEN"),
    NotFound: (HTTPStatus.NOT_FOUND, "NOT_FOUND"),
    AlreadyExists: (HTTPStatus.UNPROCESSABLE_ENTITY, "ALREADY_EXISTS"),
    WrongState: (HTTPStatus.CONFLICT, "WRONG_STATE"),
    TooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "TOO_LARGE"),
    UnsupportedMedia: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA"),
    Overloaded: (HTTPStatus.TOO_MANY_REQUESTS, "OVERLOADED"),
    ProviderDown: (HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE"),
}
"""What the thinking raises, as a browser sees it. Any other exception is a bug, and shows as 500."""

_CODES: Final = dict(ERRORS.values())

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with no-referrer a browser sends the sign-in form with `Origin: null`
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class ErrorBody(BaseModel):
    """What went wrong."""

    code: str
    """Fixed, for programs."""
    message: str
    """For people."""
    field: str | None = None
    """What in the request is wrong, where one thing is."""


class ErrorAnswer(BaseModel):
    """The body of every answer that is no success."""

    error: ErrorBody


async def set_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers that every answer has."""
    response.headers.extend({name: value for name, value in HEADERS.items() if name not in response.headers})
    # Files of the page are checked for news each time; what is about borrowers is kept nowhere.
    response.headers.setdefault("Cache-Control", "no-cache" if request.path.startswith("/static/") else "no-store")


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error in one shape."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        status = HTTPStatus(error.status)
        answer = _answer(status, ErrorBody(code=_CODES.get(status, status.name), message=_said(error)))
        if "Allow" in error.headers:
            answer.headers["Allow"] = error.headers["Allow"]
        return answer
    except web.RequestPayloadError:
        body = ErrorBody(code=_CODES[HTTPStatus.BAD_REQUEST], message="The body of the request cannot be read.")
        return _answer(HTTPStatus.BAD_REQUEST, body)
    except (Exception, BaseExceptionGroup) as error:
        known = to_voice_error(error)
        if known is None:
            log.exception("A request failed through a mistake of ours.")
            body = ErrorBody(code="INTERNAL", message="A mistake of ours; the log tells more.")
            return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, body)
        status, code = next(ERRORS[kind] for kind in type(known).__mro__ if kind in ERRORS)
        code = known.code if isinstance(known, Declined) else code
        message = str(known).removeprefix(f"{known.field}: ") if known.field else str(known)
        return _answer(status, ErrorBody(code=code, message=message, field=known.field))


def _said(error: web.HTTPException) -> str:
    """Tell people what the server's own refusal means."""
    match error:
        case web.HTTPNotFound():
            return "There is nothing under this address."
        case web.HTTPMethodNotAllowed():
            return f"This address takes {', '.join(sorted(error.allowed_methods))}, not {error.method}."
        case web.HTTPRequestEntityTooLarge():
            return "The request is too large."
        case _:
            return HTTPStatus(error.status).phrase


def _answer(status: HTTPStatus, body: ErrorBody) -> web.Response:
    answer = to_json(ErrorAnswer(error=body), status)
    if status is HTTPStatus.TOO_MANY_REQUESTS:
        answer.headers["Retry-After"] = "60"
    if status is HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
