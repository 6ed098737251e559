"""What the thinking needs from outside."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Final, Protocol

from services.dashboard.model import (
    Action,
    CallFilter,
    CallRecord,
    CallsPage,
    CallStatus,
    Campaign,
    CampaignsPage,
    Change,
    Counts,
    Customer,
    CustomerFilter,
    CustomersPage,
    LiveCall,
    Page,
    Queued,
    Sort,
    Wanted,
)
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

BY_ID: Final = Sort()


class Customers(Protocol):
    """The borrowers on record."""

    async def get(self, customer_id: int) -> Customer:
        """Return one borrower; `NotFound`."""

    async def list(self, which: CustomerFilter, page: Page, sort: Sort = BY_ID) -> CustomersPage:
        """Return borrowers in the order asked for; `InvalidInput` for a bad filter or token."""

    async def count(self) -> Counts:
        """Count borrowers by status."""

    async def set_status(self, customer_id: int, status: CallStatus, *, version: int, requested_by: str) -> Customer:
        """Move a borrower; `WrongState` for a move that is not legal, or when `version` (0: any) is not the present."""


class Uploads(Protocol):
    """Files on their way into the record."""

    async def list(self, page: Page) -> UploadsPage:
        """Return uploads, newest first; `InvalidInput`."""

    async def get(self, upload_id: int) -> UploadDetail:
        """Return an upload and what is wrong with its file; `NotFound`."""

    def watch(self, upload_id: int) -> AsyncGenerator[Upload, None]:
        """Tell how far an upload is, at each change, until it has ended; `NotFound`, `ProviderDown`."""

    def rejected(self, upload_id: int) -> AsyncGenerator[RejectedHeader | RejectedRow, None]:
        """Tell the rows that were left out, a header first; `NotFound`."""

    async def receive(self, filename: str, lender_name: str, pieces: AsyncIterator[bytes]) -> UploadReceived:
        """Hand a file over, and return when it has come whole; when `pieces` raises, nothing is imported."""

    async def import_file(self, filename: str, lender_name: str, pieces: AsyncIterator[bytes]) -> UploadResult:
        """Hand a file over, and return what became of it; `InvalidInput` when it cannot be read."""


class Holds(Protocol):
    """What holds borrowers' calls."""

    async def list(self, customer_id: int, page: Page, *, ended: bool) -> Suppressions:
        """Return what holds a borrower's calls, with `ended` also what held them; `NotFound`."""

    async def hold(self, hold: Hold) -> Suppressions:
        """Hold a borrower's calls; `NotFound`, `InvalidInput`, `WrongState` when it would hold shorter than now."""

    async def lift(self, suppression_id: int, note: str, requested_by: str) -> Suppression:
        """Lift one; `NotFound`, `WrongState` when it no longer holds."""


class Calls(Protocol):
    """The calls on record."""

    async def get(self, call_id: str) -> CallRecord:
        """Return a call by our id or the carrier's; `NotFound`."""

    async def list(self, which: CallFilter, page: Page) -> CallsPage:
        """Return calls, newest first; `InvalidInput`."""

    def watch(self, after: int) -> AsyncGenerator[Change, None]:
        """Tell every change above `after`; 0 for those from now on, a sign of life first.

        Raises `Forgotten` when they are no longer kept, and `ProviderDown` when the stream breaks off.
        """


class Dialing(Protocol):
    """The dial queue."""

    async def queue(self, wanted: Wanted) -> Queued:
        """Queue calls, or with `dry_run` tell what would happen; `InvalidInput`, `AlreadyExists`."""

    async def campaign(self, campaign_id: int) -> Campaign:
        """Return a campaign; `NotFound`."""

    async def campaigns(self, page: Page) -> CampaignsPage:
        """Return campaigns, newest first; `InvalidInput`."""

    async def control(self, campaign_id: int, action: Action, requested_by: str) -> Campaign:
        """Pause, resume or cancel; `NotFound`, `WrongState` when it has ended."""


class Forgotten(Exception):
    """The changes asked for are no longer kept; read the present and follow it from now on."""


class Phone(Protocol):
    """The calls that live."""

    async def list_live(self) -> list[LiveCall]:
        """Return calls that live now, newest first; at most 1000."""

    async def end(self, call_id: str) -> None:
        """End a call that lives; `NotFound` when it does not."""


class SignInStore(Protocol):
    """Who is signed in."""

    async def put(self, key: str, fields: Mapping[str, str], seconds: int) -> None:
        """Keep a sign-in."""

    async def get(self, key: str, seconds: int) -> Mapping[str, str]:
        """Return a sign-in, and keep it for so many seconds from now; empty when there is none."""

    async def delete(self, key: str) -> None:
        """Forget a sign-in."""

    async def count_attempt(self, key: str) -> int:
        """Count an attempt to sign in, and return how many there were within a minute."""


class SocketSessions(Protocol):
    """The live pages, as users know them in Redis."""

    async def create_websocket_session(self, websocket_id: str, fields: Mapping[str, str]) -> None:
        """Keep a live page's particulars, for 1 h from now."""

    async def delete_websocket_session(self, websocket_id: str) -> None:
        """Forget it."""
