"""Calls that people ask for. Whether a borrower may be called, the rules of the dial queue alone decide."""

from datetime import datetime
from typing import Annotated, Final

import structlog
from pydantic import Field, model_validator

from services.dashboard.model import Action, Campaign, CampaignsPage, Page, Queued, Value, Wanted
from services.dashboard.ports import Dialing
from services.dashboard.web.customers import CustomerPath, FilterQuery
from services.dashboard.web.endpoint import Accepted, Asked, Input
from voicekit.errors import NotFound, WrongState

log = structlog.get_logger(__name__)

MAX_IDS: Final = 100_000
NO_CUSTOMER: Final = "NO_CUSTOMER"
Id = Annotated[int, Field(ge=1, lt=2**63)]


class Declined(WrongState):
    """A rule refuses this call."""

    def __init__(self, code: str, message: str) -> None:
        """Name the rule, such as DNC or ALREADY_IN_CALL."""
        super().__init__(message)
        self.code = code


class RepeatHeader(Input):
    """Makes a request safe to repeat."""

    idempotency_key: Annotated[str, Field(alias="Idempotency-Key", max_length=128, pattern=r"^[\x20-\x7e]*$")] = ""
    """The same key with the same request gets the same answer; with another one, 422."""


class DryRunQuery(Input):
    """Whether it is meant."""

    dry_run: bool = False
    """True to queue nobody, and only tell what would happen now."""


class BulkBody(Input):
    """Whom to call: either some, or all that match."""

    customer_ids: Annotated[list[Id], Field(max_length=MAX_IDS)] = Field(default_factory=list)
    all_matching: FilterQuery | None = None
    """All borrowers that match; an empty object for everybody."""

    @model_validator(mode="after")
    def _one_of_two(self) -> "BulkBody":
        if bool(self.customer_ids) == (self.all_matching is not None):
            raise ValueError("either customer_ids or all_matching")
        return self


class Triggered(Value):
    """What became of the request for one call."""

    customer_id: int
    queued: bool
    """True when the call is queued (or would be): now, or for `not_before`."""
    code: str
    """Why: ALLOWED, or the rule that refuses or defers, such as OUTSIDE_CALL_WINDOW."""
    message: str
    not_before: datetime | None
    campaign_id: int


class CampaignPath(Input):
    """Names a campaign."""

    campaign_id: Id


class ControlBody(Input):
    """What to do with a campaign."""

    action: Action


class CampaignsQuery(Input):
    """Which page of the campaigns."""

    page_size: Annotated[int, Field(ge=1, le=1000)] = 50
    page_token: Annotated[str, Field(max_length=500)] = ""
    """`next_page_token` of the page before; empty for the first."""


class CallingApi:
    """Passes requests for calls on to the dial queue."""

    def __init__(self, dialing: Dialing) -> None:
        self._dialing = dialing

    async def trigger(
        self, asked: Asked, path: CustomerPath, query: DryRunQuery, header: RepeatHeader
    ) -> Triggered | Accepted[Triggered]:
        """Queue a call to one borrower: 202, with `not_before` outside the hours of calls.

        404 when there is no such borrower, 409 with the rule as its code when one refuses, such as ALREADY_IN_CALL or
        DNC. A dry run is answered with 200, whatever would happen.
        """
        triggered = await self.queue_one(
            Wanted(
                idempotency_key=header.idempotency_key,
                customer_ids=[path.customer_id],
                dry_run=query.dry_run,
                requested_by=asked.person.name,
            )
        )
        if query.dry_run:
            return triggered
        if triggered.code == NO_CUSTOMER:
            raise NotFound("There is no such borrower.", "customer_id")
        if not triggered.queued:
            raise Declined(triggered.code, triggered.message)
        return Accepted(triggered)

    async def trigger_bulk(
        self, asked: Asked, query: DryRunQuery, header: RepeatHeader, body: BulkBody
    ) -> Queued | Accepted[Queued]:
        """Queue calls to many borrowers: 202, or 200 when none is queued. Outcomes name whom a rule refuses."""
        queued = await self._queue(
            Wanted(
                idempotency_key=header.idempotency_key,
                customer_ids=body.customer_ids,
                all_matching=body.all_matching.which() if body.all_matching else None,
                dry_run=query.dry_run,
                requested_by=asked.person.name,
            )
        )
        return Accepted(queued) if queued.campaign_id else queued

    async def queue_one(self, wanted: Wanted) -> Triggered:
        """Ask for one call, and return what the rules say."""
        queued = await self._queue(wanted)
        [outcome] = queued.outcomes
        return Triggered(
            customer_id=wanted.customer_ids[0],
            campaign_id=queued.campaign_id,
            **outcome.model_dump(include={"queued", "code", "message", "not_before"}),
        )

    async def campaigns(self, _: Asked, query: CampaignsQuery) -> CampaignsPage:
        """List campaigns, newest first, page by page."""
        return await self._dialing.campaigns(Page(size=query.page_size, token=query.page_token))

    async def campaign(self, _: Asked, path: CampaignPath) -> Campaign:
        """Tell how far a campaign is."""
        return await self._dialing.campaign(path.campaign_id)

    async def control(self, asked: Asked, path: CampaignPath, body: ControlBody) -> Campaign:
        """Pause, resume or cancel a campaign. Calls that live go on."""
        campaign = await self._dialing.control(path.campaign_id, body.action, asked.person.name)
        log.info("A campaign was steered.", user=asked.person.name, campaign_id=path.campaign_id, action=body.action)
        return campaign

    async def _queue(self, wanted: Wanted) -> Queued:
        queued = await self._dialing.queue(wanted)
        count = sum(outcome.count for outcome in queued.outcomes if outcome.queued)
        if not wanted.dry_run:
            log.info("Calls were asked for.", user=wanted.requested_by, campaign_id=queued.campaign_id, queued=count)
        return queued
