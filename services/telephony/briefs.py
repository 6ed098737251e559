"""A call's brief, to and from protobuf: telephony carries it between customers and dialog."""

from services.telephony.model import Brief
from voice.customers.v1 import CallBrief, CallDirection


def brief_from_proto(brief: CallBrief) -> Brief:
    """Read a brief."""
    return Brief(
        call_id=brief.call_id,
        customer_id=brief.customer_id,
        customer_name=brief.customer_name,
        lender_name=brief.lender_name,
        loan_id=brief.loan_id,
        amount_paise=brief.amount_paise,
        due_date=brief.due_date,
        state=brief.state,
        language=brief.language,
        inbound=brief.direction == CallDirection.CALL_DIRECTION_INBOUND,
    )


def brief_to_proto(brief: Brief) -> CallBrief:
    """Write a brief."""
    inbound, outbound = CallDirection.CALL_DIRECTION_INBOUND, CallDirection.CALL_DIRECTION_OUTBOUND
    return CallBrief(
        call_id=brief.call_id,
        customer_id=brief.customer_id,
        customer_name=brief.customer_name,
        lender_name=brief.lender_name,
        loan_id=brief.loan_id,
        amount_paise=brief.amount_paise,
        due_date=brief.due_date,
        state=brief.state,
        language=brief.language,
        direction=inbound if brief.inbound else outbound,
    )
