"""Speaks protobuf about the dial queue."""

from __future__ import annotations  # grpc's own classes take their type parameters in stubs alone

from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

import grpc

from services.customers import messages
from services.customers.campaigns import Answer, CallsAsked, Campaign, Campaigns, CampaignState
from services.customers.model import CustomerFilter
from services.customers.paging import from_token, page_size, to_token
from services.customers.places import state_name
from services.customers.suppressions import KINDS, MAX_NOTE, Hold, Scope, Suppression, Suppressions, check_hold
from voice.customers import v1 as pb
from voicekit.clock import Now
from voicekit.errors import InvalidInput
from voicekit.languages import check_language

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Any, Any]

SERVICE: Final = "voice.customers.v1.DialingService"
MAX_IDS: Final = 10_000
_STATES: Final = {state: pb.CampaignState.Value(f"CAMPAIGN_STATE_{state.name}") for state in CampaignState}
_SCOPES: Final = {scope: pb.SuppressionScope.Value(f"SUPPRESSION_SCOPE_{scope.name}") for scope in Scope}
_FROM_SCOPES: Final = {number: scope for scope, number in _SCOPES.items()}
_ACTIONS: Final = {
    pb.CAMPAIGN_ACTION_PAUSE: CampaignState.PAUSED,
    pb.CAMPAIGN_ACTION_RESUME: CampaignState.RUNNING,
    pb.CAMPAIGN_ACTION_CANCEL: CampaignState.CANCELLED,
}


class DialingServicer(pb.DialingServiceServicer):
    """The dial queue, for other services."""

    def __init__(
        self,
        queue: Callable[[CallsAsked], Awaitable[Answer]],
        campaigns: Campaigns,
        suppressions: Suppressions,
        now: Now,
    ) -> None:
        """Prepare; `now` is the clock that the rules of calling go by."""
        self._queue, self._campaigns, self._suppressions, self._now = queue, campaigns, suppressions, now

    async def QueueCalls(self, request: pb.QueueCallsRequest, _: Context) -> pb.QueueCallsResponse:
        """Queue calls."""
        if len(request.idempotency_key) > 128:
            raise InvalidInput("at most 128 characters", "idempotency_key")
        if bool(request.customer_ids) == request.HasField("all_matching"):
            raise InvalidInput("either customer_ids or all_matching", "customer_ids")
        asked = CallsAsked(
            _who(request.requested_by),
            request.idempotency_key,
            tuple(request.customer_ids),
            _filter(request.all_matching) if request.HasField("all_matching") else None,
            request.dry_run,
        )
        answer = await self._queue(asked)
        outcomes = [
            pb.QueueOutcome(
                code=one.code,
                message=one.message,
                queued=one.queued,
                not_before=messages.timestamp(one.not_before),
                count=len(one.customer_ids),
                customer_ids=one.customer_ids[:MAX_IDS],
            )
            for one in answer.outcomes
        ]
        return pb.QueueCallsResponse(campaign_id=answer.campaign_id, outcomes=outcomes)

    async def GetCampaign(self, request: pb.GetCampaignRequest, _: Context) -> pb.GetCampaignResponse:
        """Return a campaign."""
        return pb.GetCampaignResponse(campaign=_campaign(await self._campaigns.get(request.campaign_id)))

    async def ListCampaigns(self, request: pb.ListCampaignsRequest, _: Context) -> pb.ListCampaignsResponse:
        """List campaigns, newest first."""
        size = page_size(request.page_size)
        before = int(from_token(request.page_token, "campaigns", (int,))[0]) if request.page_token else None
        found = await self._campaigns.list(before=before, limit=size + 1)
        page = found[:size]
        token = to_token((page[-1].id,), "campaigns") if len(found) > size else ""
        return pb.ListCampaignsResponse(campaigns=map(_campaign, page), next_page_token=token)

    async def ControlCampaign(self, request: pb.ControlCampaignRequest, _: Context) -> pb.ControlCampaignResponse:
        """Pause, resume or cancel a campaign."""
        if request.action not in _ACTIONS:
            raise InvalidInput("pause, resume or cancel", "action")
        steered = await self._campaigns.steer(request.campaign_id, _ACTIONS[request.action], _who(request.requested_by))
        return pb.ControlCampaignResponse(campaign=_campaign(steered))

    async def SetSuppression(self, request: pb.SetSuppressionRequest, _: Context) -> pb.SetSuppressionResponse:
        """Hold a borrower's calls."""
        scope = _FROM_SCOPES.get(request.scope) if request.scope else KINDS.get(request.kind, Scope.LOAN)
        if scope is None:
            raise InvalidInput("loan, phone, loan on phone, or person", "scope")
        until = request.until.ToDatetime(tzinfo=UTC) if request.HasField("until") else None
        hold = Hold(request.customer_id, request.kind, scope, until, request.note, _who(request.requested_by))
        held = await self._suppressions.set(check_hold(hold, self._now()))
        return pb.SetSuppressionResponse(suppressions=map(_suppression, held))

    async def LiftSuppression(self, request: pb.LiftSuppressionRequest, _: Context) -> pb.LiftSuppressionResponse:
        """Lift a suppression."""
        if not 1 <= len(request.note.strip()) <= MAX_NOTE:
            raise InvalidInput(f"1 to {MAX_NOTE} characters: why it is lifted", "note")
        who = _who(request.requested_by)
        lifted = await self._suppressions.lift(request.suppression_id, request.note, who)
        return pb.LiftSuppressionResponse(suppression=_suppression(lifted))

    async def ListSuppressions(self, request: pb.ListSuppressionsRequest, _: Context) -> pb.ListSuppressionsResponse:
        """List what holds a borrower's calls, newest first."""
        size, which = page_size(request.page_size), ("suppressions", request.customer_id, request.include_ended)
        before = int(from_token(request.page_token, which, (int,))[0]) if request.page_token else None
        found = await self._suppressions.list(
            request.customer_id, ended=request.include_ended, before=before, limit=size + 1
        )
        page = found[:size]
        token = to_token((page[-1].id,), which) if len(found) > size else ""
        return pb.ListSuppressionsResponse(suppressions=map(_suppression, page), next_page_token=token)


def _who(requested_by: str) -> str:
    if not 1 <= len(requested_by) <= 100:
        raise InvalidInput("1 to 100 characters", "requested_by")
    return requested_by


def _filter(message: pb.CustomerFilter) -> CustomerFilter:
    language = message.language_code
    return CustomerFilter(
        call_status=messages.status_filter(message.call_status, "all_matching.call_status"),
        state=state_name(message.state),
        language_code=check_language(language, "all_matching.language_code") if language else "",
        text=message.text,
        upload_id=message.upload_id,
    )


def _campaign(value: Campaign) -> pb.Campaign:
    return pb.Campaign(
        id=value.id,
        state=_STATES[value.state],
        requested_by=value.requested_by,
        created_at=messages.timestamp(value.created_at),
        total=value.total,
        waiting=value.waiting,
        calling=value.calling,
        done=value.done,
        dropped=value.dropped,
    )


def _suppression(value: Suppression) -> pb.Suppression:
    return pb.Suppression(
        id=value.id,
        kind=value.kind,
        scope=_SCOPES[value.scope],
        set_by=value.set_by,
        call_id=value.call_id,
        since=messages.timestamp(value.since),
        until=messages.timestamp(value.until),
        note=value.note,
        active=value.active,
        lifted_by=value.lifted_by,
        lifted_at=messages.timestamp(value.lifted_at),
        lift_note=value.lift_note,
    )
