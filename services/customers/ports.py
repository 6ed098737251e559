"""What the thinking needs from outside."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from services.customers.model import (
    Call,
    CallFilter,
    CallRecord,
    CallStatus,
    Change,
    CleanFile,
    Customer,
    CustomerFilter,
    Event,
    ImportResult,
    UploadReport,
    Verdict,
)
from voicekit.errors import VoiceError


class Customers(Protocol):
    """The borrowers on record."""

    async def get(self, customer_id: int) -> Customer:
        """Return one borrower; `NotFound`."""

    async def find_by_phone(self, phone_number: str) -> Customer:
        """Return who owns an E.164 number, of several the one called last; `NotFound`."""

    async def list(self, which: CustomerFilter, *, after: int, limit: int) -> list[Customer]:
        """Return borrowers with ids above `after`, by id."""

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
    """A file that is being imported, or what became of it when it was imported before."""

    id: int
    earlier: ImportResult | None


class Uploads(Protocol):
    """The files that were uploaded."""

    async def begin(self, filename: str, lender_name: str, sha256: str) -> Upload:
        """Note that a file is being imported; `WrongState` while the same one is."""

    async def finish(self, upload_id: int, checked: CleanFile) -> ImportResult:
        """Put a file's good rows on record, all of them or, when this fails, none."""

    async def fail(self, upload_id: int, why: str) -> None:
        """Note that a file was not imported."""


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
        """Move a borrower as the table of moves allows; `NotFound`, `WrongState`, `VersionChanged`."""

    async def list_uploads(self, *, before: int | None, limit: int) -> Sequence[UploadReport]:
        """Return uploads with ids below `before`, newest first."""


class FileChecker(Protocol):
    """Whoever reads files, apart from the process that serves."""

    async def check(self, data: bytes, *, lender_name: str, today: date) -> CleanFile:
        """Read a file; `BadFile` when it cannot be read as a whole."""


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
