"""Files to try the upload with."""

from aiohttp import web

from services.dashboard.examples import clean_file, messy_file
from services.dashboard.web.endpoint import Asked
from services.dashboard.web.uploads import attachment
from voicekit.clock import INDIA, Now


class ExamplesApi:
    """Gives out example files, their due dates near the present."""

    def __init__(self, now: Now) -> None:
        self._now = now

    async def clean(self, _: Asked) -> web.Response:
        """Return an example of a file: fifteen invented people, as CSV."""
        return _file("example.csv", clean_file(self._now().astimezone(INDIA).date()))

    async def messy(self, _: Asked) -> web.Response:
        """Return an example with mistakes: fifty invented people as CSV, five of them to be repaired."""
        return _file("example-with-mistakes.csv", messy_file(self._now().astimezone(INDIA).date()))


def _file(name: str, content: bytes) -> web.Response:
    headers = {"Content-Disposition": attachment(name)}
    return web.Response(body=content, content_type="text/csv", charset="utf-8", headers=headers)
