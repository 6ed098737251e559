"""Suppressions, as the customers service keeps them."""

from typing import Final

import grpc.aio

from services.dashboard import messages
from services.dashboard.grpc_errors import our_errors
from services.dashboard.model import Page
from services.dashboard.suppressions import Hold, Suppression, Suppressions, SuppressionScope
from voice.customers import v1 as pb

TIMEOUT_S: Final = 5.0
_WHO: Final = "the record"
_SCOPES: Final = {pb.SuppressionScope.Value(f"SUPPRESSION_SCOPE_{scope.name}"): scope for scope in SuppressionScope}


class GrpcSuppressions:
    """What holds borrowers' calls."""

    def __init__(self, to: grpc.aio.Channel) -> None:
        """Take the channel to the dial queue."""
        self._stub = pb.DialingServiceStub(to)

    async def list(self, customer_id: int, page: Page, *, ended: bool) -> Suppressions:
        """Return what holds a borrower's calls, with `ended` also what held them; `NotFound`."""
        request = pb.ListSuppressionsRequest(
            customer_id=customer_id, include_ended=ended, page_size=page.size, page_token=page.token
        )
        with our_errors(_WHO):
            answer = await self._stub.ListSuppressions(request, timeout=TIMEOUT_S)
        found = list(map(_suppression, answer.suppressions))
        return Suppressions(suppressions=found, next_page_token=answer.next_page_token)

    async def hold(self, hold: Hold) -> Suppressions:
        """Hold a borrower's calls; `NotFound`, `InvalidInput`, `WrongState` when it would hold shorter than now."""
        request = pb.SetSuppressionRequest(
            customer_id=hold.customer_id, kind=hold.kind, note=hold.note, requested_by=hold.requested_by
        )
        if hold.until:
            request.until.FromDatetime(hold.until)
        with our_errors(_WHO):
            answer = await self._stub.SetSuppression(request, timeout=TIMEOUT_S)
        return Suppressions(suppressions=list(map(_suppression, answer.suppressions)), next_page_token="")

    async def lift(self, suppression_id: int, note: str, requested_by: str) -> Suppression:
        """Lift one; `NotFound`, `WrongState` when it no longer holds."""
        request = pb.LiftSuppressionRequest(suppression_id=suppression_id, note=note, requested_by=requested_by)
        with our_errors(_WHO):
            answer = await self._stub.LiftSuppression(request, timeout=TIMEOUT_S)
        return _suppression(answer.suppression)


def _suppression(message: pb.Suppression) -> Suppression:
    return Suppression(
        id=message.id,
        kind=message.kind,
        scope=_SCOPES[message.scope],
        set_by=message.set_by,
        call_id=message.call_id,
        since=messages.time(message.since),
        until=messages.time(message.until) if message.HasField("until") else None,
        note=message.note,
        active=message.active,
        lifted_by=message.lifted_by,
        lifted_at=messages.time(message.lifted_at) if message.HasField("lifted_at") else None,
        lift_note=message.lift_note,
    )
