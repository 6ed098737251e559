"""Files of borrowers, passed on to the record as they come in."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from typing import Annotated, Final, TypeVar

import structlog
from aiohttp import BodyPartReader, MultipartReader, web
from pydantic import Field

from services.dashboard.model import Page, UploadResult, UploadsPage
from services.dashboard.ports import Customers
from services.dashboard.web.endpoint import Asked, Input, UnsupportedMedia
from voicekit.errors import InvalidInput, Overloaded, VoiceError

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


class UploadsQuery(Input):
    """Which page of the uploads."""

    page_size: Annotated[int, Field(ge=1, le=1000)] = 50
    page_token: Annotated[str, Field(max_length=500)] = ""
    """`next_page_token` of the page before; empty for the first."""


class UploadsApi:
    """Takes files."""

    def __init__(self, customers: Customers, *, lender_name: str, max_bytes: int) -> None:
        self._customers, self._lender_name, self._max_bytes = customers, lender_name, max_bytes
        self._under_way = 0

    async def upload(self, asked: Asked, query: UploadQuery) -> UploadResult:
        """Import a file: multipart, one part `file`. Good rows are kept, bad ones reported with reasons."""
        if self._under_way >= AT_ONCE:
            raise Overloaded("Other files are being imported. Try again in a minute.")
        self._under_way += 1
        try:
            parts = _parts_of(asked.request)
            part = await _file_of(parts)
            pieces = self._pieces(part, parts)
            lender_name = query.lender_name or self._lender_name
            result = await self._customers.import_file(part.filename or "", lender_name, pieces)
        finally:
            self._under_way -= 1
        log.info("A file was uploaded.", user=asked.person.name, upload_id=result.upload_id, rows=result.total_rows)
        return result

    async def list(self, _: Asked, query: UploadsQuery) -> UploadsPage:
        """List uploads, newest first, page by page."""
        return await self._customers.list_uploads(Page(size=query.page_size, token=query.page_token))

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
