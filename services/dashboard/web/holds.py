"""Suppressions: why a borrower is not called, set and lifted by hand."""

from datetime import datetime
from typing import Annotated

import structlog
from pydantic import AwareDatetime, Field

from services.dashboard.model import Page
from services.dashboard.ports import Holds
from services.dashboard.suppressions import Hold, Suppression, SuppressionKind, Suppressions
from services.dashboard.web.customers import CustomerPath
from services.dashboard.web.endpoint import Asked, Input

log = structlog.get_logger(__name__)


class HoldsQuery(Input):
    """Which suppressions."""

    ended: bool = False
    """True for those too that hold no longer."""
    page_size: Annotated[int, Field(ge=1, le=1000)] = 50
    page_token: Annotated[str, Field(max_length=500)] = ""
    """`next_page_token` of the page before; empty for the first."""


class HoldBody(Input):
    """Why a borrower is not to be called, and for how long."""

    kind: SuppressionKind
    until: AwareDatetime | None = None
    """Left out: until somebody lifts it. QUIET_UNTIL needs it."""
    note: Annotated[str, Field(max_length=500)] = ""
    """For people."""


class SuppressionPath(Input):
    """Names a suppression."""

    suppression_id: Annotated[int, Field(ge=1, lt=2**63)]


class LiftBody(Input):
    """Why a suppression is lifted."""

    note: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]
    """For the audit."""


class HoldsApi:
    """Tells why a borrower is not called, and lets people decide about it."""

    def __init__(self, holds: Holds) -> None:
        self._holds = holds

    async def list(self, _: Asked, path: CustomerPath, query: HoldsQuery) -> Suppressions:
        """List what holds a borrower's calls, newest first, page by page."""
        page = Page(size=query.page_size, token=query.page_token)
        return await self._holds.list(path.customer_id, page, ended=query.ended)

    async def hold(self, asked: Asked, path: CustomerPath, body: HoldBody) -> Suppressions:
        """Hold a borrower's calls. The same kind again lengthens it; 409 when it would end earlier than now."""
        until: datetime | None = body.until
        user = asked.person.name
        held = await self._holds.hold(
            Hold(customer_id=path.customer_id, kind=body.kind, until=until, note=body.note, requested_by=user)
        )
        log.info("Calls to a borrower were held.", user=user, customer_id=path.customer_id, kind=body.kind)
        return held

    async def lift(self, asked: Asked, path: SuppressionPath, body: LiftBody) -> Suppression:
        """Lift a suppression; it stays on record with who lifted it and why. 409 when it no longer holds."""
        lifted = await self._holds.lift(path.suppression_id, body.note, asked.person.name)
        log.info("A suppression was lifted.", user=asked.person.name, suppression_id=lifted.id, kind=lifted.kind)
        return lifted
