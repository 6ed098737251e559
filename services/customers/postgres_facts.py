"""What the rules of calling look at, as Postgres knows it."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from services.customers.may_dial import Facts
from services.customers.model import CallStatus
from services.customers.places import state_name

if TYPE_CHECKING:
    from services.customers.postgres import Connection

FACTS_WITHIN: Final = 30.0
"""Seconds for the facts of as many borrowers as one request may name."""


async def read_facts(connection: "Connection", customer_ids: Sequence[int], at: datetime) -> dict[int, Facts]:
    """Return the facts about these borrowers; who is not on record is left out.

    Args:
        connection: where to read, so that the caller's locks hold.
        customer_ids: the borrowers.
        at: the instant to decide about.
    """
    rows = await connection.fetch("SELECT * FROM dial_facts($1, $2)", customer_ids, at, timeout=FACTS_WITHIN)
    return {
        row["customer_id"]: Facts(
            phone_number=row["phone_number"],
            call_status=CallStatus(row["call_status"]),
            due_date=row["due_date"],
            confirmed_at=row["confirmed_at"],
            state=state_name(row["state"]),
            in_call=row["in_call"],
            held_as=row["held_as"],
            held_until=row["held_until"],
            attempts=row["attempts"],
            talked_at=row["talked_at"],
        )
        for row in rows
    }
