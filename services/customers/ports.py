"""What the thinking needs from outside."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from services.customers.model import (
    Call,
    CallFilter,
    CallRecord,
    CallStatus,
    Change,
    Customer,
    CustomerFilter,
    Event,
    Sorting,
    Verdict,
)
from services.customers.upload_model import CleanFile, Problem, Progress, RejectedRow, Report, UploadReport
from voicekit.errors import VoiceError


class Customers(Protocol):
    """The borrowers on record."""

    async def get(self, customer_id: int) -> Customer:
        """Return one borrower; `NotFound`."""

    async def find_by_phone(self, phone_number: str) -> Customer:
        """Return who owns an E.164 number, of several the one called last; `NotFound`."""

    async def list(
        self, which: CustomerFilter, sorting: Sorting, *, after: tuple[str, int] | None, limit: int
    ) -> list[Customer]:
        """Return borrowers that come after a key of `sorting`, in its order."""

    async def retry(self, customer_id: int) -> Customer:
        """Put a borrower whose last attempt failed or was not picked back to ready; `NotFound`, `WrongState`."""


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt, and whom to ring."""

    call: Call
    customer: Customer


class Calls(Protocol):
    """The calls on record."""

    async def begin(self, request_id: str, customer_id: int) -> Begun:
        """Begin an outbound attempt, once for each `request_id`; `NotFound`, `WrongState`, `AlreadyExists`."""

    async def begin_inbound(self, call_sid: str, customer_id: int) -> Begun:
        """Begin an attempt of a borrower who rings us, once for each `call_sid`; `NotFound`, `AlreadyExists`."""

    async def record(self, call_id: str, events: Sequence[Event]) -> list[Verdict]:
        """Write down what happened, all of it or nothing; `NotFound`, `InvalidInput`."""

    async def get(self, call_id: str) -> CallRecord:
        """Return a call by our id or the carrier's; `NotFound`."""

    async def list(self, which: CallFilter, *, before: tuple[str, str] | None, limit: int) -> list[Call]:
        """Return calls older than the one whose start time (ISO) and id `before` holds, newest first."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent."""

    id: int
    is_new: bool
    """False when the same file was imported before, or is being imported by somebody else."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The rows of an upload that were left out."""

    upload: UploadReport
    header: Sequence[str]
    """The header row as it stands in the file."""
    rows: Iterator[RejectedRow]


class Uploads(Protocol):
    """The files that were uploaded."""

    async def begin(self, filename: str, lender_name: str, sha256: str) -> Upload:
        """Note that a file has come; one that was imported before is confirmed by it."""

    async def progress(self, upload_id: int, progress: Progress) -> None:
        """Note how far an import is, and that it is under way."""

    async def finish(self, upload_id: int, checked: CleanFile, tell: Callable[[int], None]) -> None:
        """Put a file's good rows on record, all of them or, when this fails, none; `tell` how many have been sent."""

    async def fail(self, upload_id: int, why: str, code: str = "", report: Report | None = None) -> None:
        """Note that a file was not imported, and what was found in it."""

    async def fail_abandoned(self) -> None:
        """Note that imports have failed whose process has died."""

    async def get(self, upload_id: int) -> UploadReport:
        """Return how far an upload is; `NotFound`."""

    async def problems(self, upload_id: int) -> tuple[list[Problem], int]:
        """Return what is wrong with a file, and how many problems there are besides; `NotFound`."""

    async def customer_ids(self, upload_id: int) -> list[int]:
        """Return the first borrowers that a file names, in its order."""

    async def rejected(self, upload_id: int) -> Rejected:
        """Return the rows that were left out; `NotFound`."""


class VersionChanged(VoiceError):
    """Somebody else has changed the borrower in the meantime."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """A move that a person makes."""

    requested_by: str
    at: datetime
    version: int = 0
    """The version that was looked at; 0 for any."""


class Desk(Protocol):
    """What people at a desk ask for."""

    async def count_customers(self) -> Mapping[CallStatus, int]:
        """Count borrowers by status; what nobody has is left out."""

    async def set_status(self, customer_id: int, status: CallStatus, move: ByHand) -> None:
        """Move a borrower in no call as the table of moves allows; `NotFound`, `WrongState`, `VersionChanged`."""

    async def list_uploads(self, *, before: int | None, limit: int) -> Sequence[UploadReport]:
        """Return uploads with ids below `before`, newest first."""


class FileChecker(Protocol):
    """Whoever reads files, apart from the process that serves."""

    async def check(self, data: bytes, *, lender_name: str, today: date, tell: Callable[[int, int], None]) -> CleanFile:
        """Read a file, and tell how many rows were checked, and of how many; `BadFile` when it cannot be imported."""

    async def prepare(self) -> None:
        """Make ready for the next file."""


class ChangeFeed(Protocol):
    """What has changed on record, in an order that stays."""

    async def last_number(self) -> int:
        """Return the number of the latest change."""

    async def read(self, after: int, limit: int) -> list[Change]:
        """Return changes with higher numbers, each thing once, as it now is; `ChangesForgotten`."""

    def bell(self) -> asyncio.Event:
        """Return what is set when there may be news. Take it before reading, so that no news falls in between."""

    @property
    def closed(self) -> bool:
        """Whether this process is about to end."""
