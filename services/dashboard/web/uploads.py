"""Files of borrowers: passed on to the record as they come in, followed, and their rejected rows given back."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import aclosing
from typing import Annotated, Final, TypeVar
from urllib.parse import quote

import structlog
from aiohttp import BodyPartReader, MultipartReader, web
from pydantic import Field

from services.dashboard.error_file import ErrorFile, first_rows, read_header
from services.dashboard.model import Page
from services.dashboard.ports import Uploads
from services.dashboard.uploads import (
    RejectedRow,
    RejectedRows,
    Upload,
    UploadDetail,
    UploadReceived,
    UploadResult,
    UploadsPage,
)
from services.dashboard.web.endpoint import Accepted, Asked, Input, UnsupportedMedia
from services.dashboard.web.events import Event, send_events
from voicekit.errors import InvalidInput, Overloaded, ProviderDown, VoiceError

log = structlog.get_logger(__name__)

T = TypeVar("T")

AT_ONCE: Final = 4
PIECE_BYTES: Final = 64 * 1024
SILENCE_S: Final = 30.0
"""How long a browser may send nothing."""


class TooLarge(VoiceError):
    """More came than is taken."""


class UploadQuery(Input):
    """What goes for the whole file."""

    lender_name: Annotated[str, Field(max_length=100)] = ""
    """Who lends, where the file has no column for it; said in every call. Left out: who this dashboard works for."""
    wait: bool = False
    """True to be answered when the file is done, with what became of it; otherwise as soon as it has come."""


class UploadsQuery(Input):
    """Which page of the uploads."""

    page_size: Annotated[int, Field(ge=1, le=1000)] = 50
    page_token: Annotated[str, Field(max_length=500)] = ""
    """`next_page_token` of the page before; empty for the first."""


class UploadPath(Input):
    """Names an upload."""

    upload_id: Annotated[int, Field(ge=1, lt=2**63)]


class RejectedQuery(Input):
    """How many rejected rows."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 200


class UploadsApi:
    """Takes files, and tells what becomes of them."""

    def __init__(self, uploads: Uploads, *, lender_name: str, max_bytes: int) -> None:
        self._uploads, self._lender_name, self._max_bytes = uploads, lender_name, max_bytes
        self._under_way = 0

    async def upload(self, asked: Asked, query: UploadQuery) -> UploadResult | Accepted[UploadReceived]:
        """Take a file (CSV, XLSX, XLS): multipart, one part `file`. 202 with links to follow, or 200 with `wait=true`.

        Good rows are kept, bad ones reported with reasons.
        """
        if self._under_way >= AT_ONCE:
            raise Overloaded("Other files are being taken in. Try again in a minute.")
        self._under_way += 1
        try:
            parts = _parts_of(asked.request)
            part = await _file_of(parts)
            take = self._uploads.import_file if query.wait else self._uploads.receive
            lender_name = query.lender_name or self._lender_name
            told = await take(part.filename or "", lender_name, self._pieces(part, parts))
        finally:
            self._under_way -= 1
        log.info("A file was uploaded.", user=asked.person.name, upload_id=told.upload_id)
        return Accepted(told) if isinstance(told, UploadReceived) else told

    async def list(self, _: Asked, query: UploadsQuery) -> UploadsPage:
        """List uploads, newest first, page by page."""
        return await self._uploads.list(Page(size=query.page_size, token=query.page_token))

    async def get(self, _: Asked, path: UploadPath) -> UploadDetail:
        """Tell how far an upload is, and what is wrong with its file."""
        return await self._uploads.get(path.upload_id)

    async def progress(self, asked: Asked, path: UploadPath) -> web.StreamResponse:
        """Follow an upload by server-sent events: `progress` with the upload as JSON, in the end `done` or `failed`."""
        async with aclosing(self._uploads.watch(path.upload_id)) as changes:
            first = await anext(changes)  # a wrong id is told before anything is sent
            return await send_events(asked.request, _events(first, changes))

    async def rejected_rows(self, _: Asked, path: UploadPath, query: RejectedQuery) -> RejectedRows:
        """Return the first rows that were left out, as they stood in the file, with reasons."""
        async with aclosing(self._uploads.rejected(path.upload_id)) as steps:
            header = await read_header(steps)
            rows = await first_rows(steps, query.limit)
        return RejectedRows(header=header, rows=rows)

    async def error_file(self, asked: Asked, path: UploadPath) -> web.StreamResponse:
        """Send the rows that were left out as a file, with row number and reasons: to be corrected and uploaded again.

        CSV for a CSV file, XLSX for every workbook, XLS too.
        """
        async with aclosing(self._uploads.rejected(path.upload_id)) as steps:
            file = ErrorFile(await read_header(steps))
            response = web.StreamResponse(headers={"Content-Disposition": attachment(file.name)})
            response.content_type = file.media_type
            await response.prepare(asked.request)
            await response.write(file.begin())
            async for step in steps:
                if isinstance(step, RejectedRow):
                    await response.write(file.add(step))
            await response.write(file.end())
            await response.write_eof()
        log.info("An error file was fetched.", user=asked.person.name, upload_id=path.upload_id)
        return response

    async def _pieces(self, part: BodyPartReader, parts: MultipartReader) -> AsyncGenerator[bytes, None]:
        size = 0
        while piece := await _in_time(part.read_chunk(PIECE_BYTES)):
            size += len(piece)
            if size > self._max_bytes:
                raise TooLarge(f"The file is larger than {self._max_bytes // 1024 // 1024} MiB. Split it.")
            yield piece
        if not size:
            raise InvalidInput("The file is empty.", "file")
        if await _next_part(parts) is not None:
            raise InvalidInput("Send one part, `file`, and nothing after it.", "file")


async def _events(first: Upload, changes: AsyncIterator[Upload]) -> AsyncGenerator[Event, None]:
    upload = first
    while True:
        kind = upload.phase if upload.phase.ended else "progress"
        yield Event(kind, upload.model_dump_json())
        if upload.phase.ended:
            return
        try:
            upload = await anext(changes)
        except (ProviderDown, StopAsyncIteration):
            return  # the browser comes again by itself


def attachment(name: str) -> str:
    """Return the header that saves an answer as a file of this name."""
    plain = "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '"\\' else "_" for letter in name
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _parts_of(request: web.Request) -> MultipartReader:
    if request.content_type != "multipart/form-data":
        raise UnsupportedMedia("Send the file as multipart/form-data, in a part named `file`.")
    try:
        return _readable(request)
    except ValueError as error:
        raise InvalidInput("The request has no boundary between its parts.", "body") from error


def _readable(request: web.Request) -> MultipartReader:
    return MultipartReader(request.headers, request.content)


async def _file_of(parts: MultipartReader) -> BodyPartReader:
    part = await _next_part(parts)
    if not isinstance(part, BodyPartReader) or part.name != "file" or not part.filename:
        raise InvalidInput("The first part must be a file, and named `file`.", "file")
    if len(part.filename) > 255:
        raise InvalidInput("The file's name is longer than 255 characters.", "file")
    return part


async def _next_part(parts: MultipartReader) -> object:
    try:
        return await _in_time(parts.next())
    except ValueError as error:
        raise InvalidInput("The parts of the request cannot be told apart.", "body") from error


async def _in_time(step: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(SILENCE_S):
            return await step
    except TimeoutError as error:
        raise InvalidInput(f"Nothing came for {SILENCE_S:.0f} s.", "file") from error
