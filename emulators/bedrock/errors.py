"""How Bedrock says no: a status, a type in a header, a message in the body."""

from collections.abc import Mapping

from aiohttp import web


class Refusal(Exception):
    """A request that fails, with the exception type that the client library makes of it."""

    def __init__(self, status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.kind, self.message = status, kind, message
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        """Make the HTTP response; without a kind the error is untyped, as a proxy's is."""
        kind = {"x-amzn-ErrorType": self.kind} if self.kind else {}
        return web.json_response({"message": self.message}, status=self.status, headers={**kind, **self.headers})


def invalid(message: str) -> Refusal:
    """Make the error of a request that can never succeed."""
    return Refusal(400, "ValidationException", message)
