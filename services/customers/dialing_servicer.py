"""Speaks protobuf about the dial queue."""

from __future__ import annotations  # grpc's own classes take their type parameters in stubs alone

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

import grpc

from services.customers import messages
from services.customers.campaigns import Answer, CallsAsked, Campaign, Campaigns, CampaignState
from services.customers.model import CustomerFilter
from services.customers.paging import from_token, page_size, to_token
from voice.customers import v1 as pb
from voicekit.errors import InvalidInput
from voicekit.languages import check_language

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Any, Any]

SERVICE: Final = "voice.customers.v1.DialingService"
MAX_IDS: Final = 10_000
_STATES: Final = {state: pb.CampaignState.Value(f"CAMPAIGN_STATE_{state.name}") for state in CampaignState}
_ACTIONS: Final = {
    pb.CAMPAIGN_ACTION_PAUSE: CampaignState.PAUSED,
    pb.CAMPAIGN_ACTION_RESUME: CampaignState.RUNNING,
    pb.CAMPAIGN_ACTION_CANCEL: CampaignState.CANCELLED,
}


class DialingServicer(pb.DialingServiceServicer):
    """The dial queue, for other services."""

    def __init__(self, queue: Callable[[CallsAsked], Awaitable[Answer]], campaigns: Campaigns) -> None:
        self._queue, self._campaigns = queue, campaigns

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


def _who(requested_by: str) -> str:
    if not 1 <= len(requested_by) <= 100:
        raise InvalidInput("1 to 100 characters", "requested_by")
    return requested_by


def _filter(message: pb.CustomerFilter) -> CustomerFilter:
    language = message.language_code
    return CustomerFilter(
        call_status=messages.status_filter(message.call_status, "all_matching.call_status"),
        state=message.state,
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
