"""How Sarvam says no over HTTP: a status, and one envelope for all causes."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

CODE_OF_STATUS = {
    400: "invalid_request_error",
    402: "insufficient_quota_error",
    403: "invalid_api_key_error",
    404: "not_found_error",
    413: "invalid_request_error",
    422: "unprocessable_entity_error",
    429: "rate_limit_exceeded_error",
    500: "internal_server_error",
    502: "gateway_timeout_error",
    503: "rate_limit_exceeded_error",
}


class ApiError(Exception):
    """A request that is refused, with what the client is told."""

    def __init__(
        self, status: int, message: str, *, code: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code or CODE_OF_STATUS.get(status, "invalid_request_error")
        self.headers = dict(headers or {})

    def response(self, request_id: str) -> web.Response:
        """Make the HTTP response."""
        return web.json_response(self.body(request_id), status=self.status, headers=self.headers)

    def body(self, request_id: str) -> dict[str, Any]:
        """Make the error envelope."""
        return {"error": {"request_id": request_id, "message": self.message, "code": self.code}}


def invalid(message: str, status: int = 400) -> ApiError:
    """Make the error of a request that can never succeed."""
    return ApiError(status, message, code="invalid_request_error")
