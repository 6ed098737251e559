"""More of the dashboard's outside, in memory: files on their way, suppressions, live calls, what stands in Redis."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping

from services.dashboard.model import LiveCall, Page
from services.dashboard.suppressions import Hold, Suppression, Suppressions
from services.dashboard.uploads import (
    RejectedHeader,
    RejectedRow,
    Upload,
    UploadDetail,
    UploadReceived,
    UploadResult,
    UploadsPage,
)
from tests.dashboard.fakes import NOON, Record, suppression
from voicekit.errors import InvalidInput, NotFound, ProviderDown, WrongState


class Uploads:
    """Files on their way, as a port."""

    def __init__(self, record: Record) -> None:
        self._record = record

    async def list(self, page: Page) -> UploadsPage:
        begin = int(page.token or 0)
        token = str(begin + page.size) if len(self._record.files) > begin + page.size else ""
        return UploadsPage(uploads=self._record.files[begin : begin + page.size], next_page_token=token)

    async def get(self, upload_id: int) -> UploadDetail:
        wrong = [one for row in self._record.rejected for one in row.problems]
        return UploadDetail(upload=self._find(upload_id), problems=wrong, more_problems=0)

    async def watch(self, upload_id: int) -> AsyncGenerator[Upload, None]:
        for step in self._record.steps or [self._find(upload_id)]:
            if step is None:
                raise ProviderDown("the record ends")
            yield step

    async def rejected(self, upload_id: int) -> AsyncGenerator[RejectedHeader | RejectedRow, None]:
        file, rows = self._find(upload_id), self._record.rejected
        yield RejectedHeader(
            columns=self._record.columns,
            format=file.format,
            rejected_rows=len(rows),
            kept_rows=len(rows),
            filename=file.filename,
        )
        for row in rows:
            yield row

    async def receive(self, filename: str, lender_name: str, pieces: AsyncIterator[bytes]) -> UploadReceived:
        await self._take(filename, lender_name, pieces)
        return UploadReceived(upload_id=1, already_imported=False)

    async def import_file(self, filename: str, lender_name: str, pieces: AsyncIterator[bytes]) -> UploadResult:
        data = await self._take(filename, lender_name, pieces)
        if self._record.refuse_upload:
            raise InvalidInput(self._record.refuse_upload)
        rows = data.count(b"\n") - 1
        return UploadResult(
            upload_id=1,
            total_rows=rows,
            imported_rows=rows,
            updated_rows=0,
            duplicate_rows=0,
            rejected_rows=0,
            problems=[],
            more_problems=0,
            ignored_columns=[],
            already_imported=False,
            customer_ids=list(range(1, rows + 1)),
        )

    async def _take(self, filename: str, lender_name: str, pieces: AsyncIterator[bytes]) -> bytes:
        data = b"".join([piece async for piece in pieces])
        self._record.uploaded.append((filename, lender_name, data))
        return data

    def _find(self, upload_id: int) -> Upload:
        for file in self._record.files:
            if file.id == upload_id:
                return file
        raise NotFound("there is no such upload")


class Holds:
    """Suppressions, as a port."""

    def __init__(self) -> None:
        self.all: list[Suppression] = []

    async def list(self, customer_id: int, page: Page, *, ended: bool) -> Suppressions:
        if customer_id == 99:
            raise NotFound("there is no such customer")
        found = [one for one in self.all if ended or one.active]
        return Suppressions(suppressions=found[: page.size], next_page_token="")

    async def hold(self, hold: Hold) -> Suppressions:
        if any(one.active and one.kind == hold.kind and one.until is None and hold.until for one in self.all):
            raise WrongState("it holds longer: lift it first")
        made = suppression(
            len(self.all) + 1, kind=hold.kind, until=hold.until, note=hold.note, set_by=hold.requested_by, call_id=""
        )
        self.all.append(made)
        return Suppressions(suppressions=[made], next_page_token="")

    async def lift(self, suppression_id: int, note: str, requested_by: str) -> Suppression:
        known = next((one for one in self.all if one.id == suppression_id), None)
        if known is None:
            raise NotFound("there is no such suppression")
        if not known.active:
            raise WrongState("it no longer holds")
        told = {"active": False, "lifted_by": requested_by, "lifted_at": NOON, "lift_note": note}
        self.all[suppression_id - 1] = known.model_copy(update=told)
        return self.all[suppression_id - 1]


class Phone:
    """The calls that live."""

    def __init__(self) -> None:
        self.live: list[LiveCall] = []
        self.ended: list[str] = []
        self.down = False

    async def list_live(self) -> list[LiveCall]:
        if self.down:
            raise ProviderDown("telephony does not answer")
        return self.live

    async def end(self, call_id: str) -> None:
        if call_id not in [one.call_id for one in self.live]:
            raise NotFound("no such call lives")
        self.ended.append(call_id)


class Memory:
    """What stands in Redis: sign-ins, attempts, live pages. Nothing expires by itself."""

    def __init__(self) -> None:
        self.sign_ins: dict[str, Mapping[str, str]] = {}
        self.attempts: dict[str, int] = {}
        self.sockets: dict[str, Mapping[str, str]] = {}
        self.down = False

    async def put(self, key: str, fields: Mapping[str, str], seconds: int) -> None:
        self.sign_ins[key] = fields

    async def get(self, key: str, seconds: int) -> Mapping[str, str]:
        if self.down:
            raise ProviderDown("Redis does not answer")
        return self.sign_ins.get(key, {})

    async def delete(self, key: str) -> None:
        self.sign_ins.pop(key, None)

    async def count_attempt(self, key: str) -> int:
        self.attempts[key] = self.attempts.get(key, 0) + 1
        return self.attempts[key]

    async def create_websocket_session(self, websocket_id: str, fields: Mapping[str, str]) -> None:
        if self.down:
            raise ProviderDown("Redis does not answer")
        self.sockets[websocket_id] = fields

    async def delete_websocket_session(self, websocket_id: str) -> None:
        self.sockets.pop(websocket_id, None)
