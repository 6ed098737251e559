"""What was said, to be heard."""

import structlog
from aiohttp import web

from services.dashboard.ports import Calls
from services.dashboard.recordings import Recordings, Waveform
from services.dashboard.web.calls import CallPath
from services.dashboard.web.endpoint import Asked

log = structlog.get_logger(__name__)


class RecordingsApi:
    """Plays recordings."""

    def __init__(self, calls: Calls, recordings: Recordings) -> None:
        self._calls, self._recordings = calls, recordings

    async def play(self, asked: Asked, path: CallPath) -> web.FileResponse:
        """Send a call's recording: stereo WAV, left the borrower, right our side. Parts may be asked for."""
        call_id = await self._our_id(path)
        file = await self._recordings.find(call_id)
        log.info("A recording was played.", user=asked.person.name, call_id=call_id)
        return web.FileResponse(file, headers={"Content-Type": "audio/wav", "Content-Disposition": "inline"})

    async def waveform(self, _: Asked, path: CallPath) -> Waveform:
        """Tell how loud both sides of a recording were."""
        return await self._recordings.waveform(await self._our_id(path))

    async def _our_id(self, path: CallPath) -> str:
        return (await self._calls.get(path.call_id)).call.call_id
