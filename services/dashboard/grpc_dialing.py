"""The dial queue, as the customers service keeps it."""

from typing import Final

import grpc
import grpc.aio

from services.dashboard import messages
from services.dashboard.grpc_errors import our_errors
from services.dashboard.model import Action, Campaign, CampaignsPage, CampaignState, Outcome, Page, Queued, Wanted
from voice.customers import v1 as pb
from voicekit.rpc import channel

TIMEOUT_S: Final = 5.0
QUEUE_TIMEOUT_S: Final = 120.0
"""100 000 borrowers are looked at one by one; steering a campaign touches as many."""
SERVICE: Final = "voice.customers.v1.DialingService"
_WHO: Final = "the dial queue"


def open_dialing_channel(address: str) -> grpc.aio.Channel:
    """Open a channel to the dial queue."""
    return channel(address, SERVICE, retryable=("GetCampaign", "ListCampaigns", "ListSuppressions"))


class GrpcDialing:
    """The dial queue."""

    def __init__(self, to: grpc.aio.Channel) -> None:
        self._stub = pb.DialingServiceStub(to)

    async def queue(self, wanted: Wanted) -> Queued:
        """Queue calls, or with `dry_run` tell what would happen; `InvalidInput`, `AlreadyExists`."""
        request = pb.QueueCallsRequest(
            idempotency_key=wanted.idempotency_key,
            customer_ids=wanted.customer_ids,
            dry_run=wanted.dry_run,
            requested_by=wanted.requested_by,
        )
        if wanted.all_matching:
            which = wanted.all_matching
            request.all_matching.CopyFrom(
                pb.CustomerFilter(
                    call_status=messages.status_number(which.call_status),
                    state=which.state,
                    language_code=which.language_code,
                    text=which.text,
                    upload_id=which.upload_id,
                )
            )
        with our_errors(_WHO):
            answer = await self._stub.QueueCalls(request, timeout=QUEUE_TIMEOUT_S)
        return Queued(campaign_id=answer.campaign_id, outcomes=list(map(_outcome, answer.outcomes)))

    async def campaign(self, campaign_id: int) -> Campaign:
        """Return a campaign; `NotFound`."""
        with our_errors(_WHO):
            answer = await self._stub.GetCampaign(pb.GetCampaignRequest(campaign_id=campaign_id), timeout=TIMEOUT_S)
        return _campaign(answer.campaign)

    async def campaigns(self, page: Page) -> CampaignsPage:
        """Return campaigns, newest first; `InvalidInput`."""
        request = pb.ListCampaignsRequest(page_size=page.size, page_token=page.token)
        with our_errors(_WHO):
            answer = await self._stub.ListCampaigns(request, timeout=TIMEOUT_S)
        found = list(map(_campaign, answer.campaigns))
        return CampaignsPage(campaigns=found, next_page_token=answer.next_page_token)

    async def control(self, campaign_id: int, action: Action, requested_by: str) -> Campaign:
        """Pause, resume or cancel; `NotFound`, `WrongState` when it has ended."""
        request = pb.ControlCampaignRequest(
            campaign_id=campaign_id,
            action=pb.CampaignAction.Value(f"CAMPAIGN_ACTION_{action.name}"),
            requested_by=requested_by,
        )
        with our_errors(_WHO):
            answer = await self._stub.ControlCampaign(request, timeout=QUEUE_TIMEOUT_S)
        return _campaign(answer.campaign)


_STATES: Final = {pb.CampaignState.Value(f"CAMPAIGN_STATE_{state.name}"): state for state in CampaignState}


def _outcome(message: pb.QueueOutcome) -> Outcome:
    return Outcome(
        code=message.code,
        message=message.message,
        queued=message.queued,
        not_before=messages.time(message.not_before) if message.HasField("not_before") else None,
        count=message.count,
        customer_ids=list(message.customer_ids),
    )


def _campaign(message: pb.Campaign) -> Campaign:
    return Campaign(
        id=message.id,
        state=_STATES[message.state],
        requested_by=message.requested_by,
        created_at=messages.time(message.created_at),
        total=message.total,
        waiting=message.waiting,
        calling=message.calling,
        done=message.done,
        dropped=message.dropped,
    )
