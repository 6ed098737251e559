"""Requests to the service under test: resolver, Passthru, Connect, dial events and callbacks."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import aiohttp
from yarl import URL


class Answer(NamedTuple):
    """How the service answered; status 0 means that it did not."""

    status: int
    body: bytes
    content_type: str
    seconds: float
    error: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the answer was 2xx."""
        return 200 <= self.status < 300

    def json(self) -> object:
        """Parse the body; None when it is no JSON."""
        try:
            parsed: object = json.loads(self.body)
        except ValueError:
            return None
        return parsed


class Webhooks:
    """Asks the service, never follows a redirect, and never raises."""

    def __init__(self) -> None:
        self._session = aiohttp.ClientSession()

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def get(
        self, url: str, query: Mapping[str, str], *, timeout_s: float, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask with GET; the URL's own query is kept."""
        return await self._ask("GET", _extended(url, query), timeout_s, headers=headers)

    async def post_form(self, url: str, form: Mapping[str, str], *, timeout_s: float) -> Answer:
        """Ask with POST, urlencoded."""
        return await self._ask("POST", URL(url), timeout_s, data=dict(form))

    async def post_multipart(self, url: str, form: Mapping[str, str], *, timeout_s: float) -> Answer:
        """Ask with POST, `multipart/form-data`."""
        with aiohttp.MultipartWriter("form-data") as body:
            for name, value in form.items():
                body.append(value).set_content_disposition("form-data", name=name)
        return await self._ask("POST", URL(url), timeout_s, data=body)

    async def post_json(self, url: str, body: Mapping[str, object], *, timeout_s: float) -> Answer:
        """Ask with POST and JSON."""
        return await self._ask("POST", URL(url), timeout_s, json=body)

    async def _ask(self, method: str, url: URL, timeout_s: float, **arguments: Any) -> Answer:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._session.request(method, url, allow_redirects=False, **arguments) as response,
            ):
                body = await response.read()
                return Answer(response.status, body, response.content_type, loop.time() - began)
        except TimeoutError:
            return Answer(0, b"", "", loop.time() - began, "timeout")
        except (aiohttp.ClientError, OSError) as error:
            return Answer(0, b"", "", loop.time() - began, type(error).__name__)


def _extended(url: str, query: Mapping[str, str]) -> URL:
    return URL(url).extend_query(query)
