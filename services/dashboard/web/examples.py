"""Files to try the upload with."""

from collections.abc import Callable
from datetime import date

from aiohttp import web

from services.dashboard.examples import clean_file, messy_file
from services.dashboard.web.endpoint import Asked
from services.dashboard.web.uploads import attachment
from voicekit.clock import INDIA, Now
from voicekit.errors import NotFound


class ExamplesApi:
    """Gives out example files, their due dates near the present."""

    def __init__(self, now: Now, *, given: bool) -> None:
        """Give them out, or answer 404: their numbers are invented, but in production they would be rung."""
        self._now, self._given = now, given

    async def clean(self, _: Asked) -> web.Response:
        """Return an example of a file: fifteen invented people, as CSV."""
        return self._file("example.csv", clean_file)

    async def messy(self, _: Asked) -> web.Response:
        """Return an example with mistakes: fifty invented people as CSV, five of them to be repaired."""
        return self._file("example-with-mistakes.csv", messy_file)

    def _file(self, name: str, content: Callable[[date], bytes]) -> web.Response:
        if not self._given:
            raise NotFound("There are example files in development only.")
        body, headers = content(self._now().astimezone(INDIA).date()), {"Content-Disposition": attachment(name)}
        return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)
