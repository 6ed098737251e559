"""What a deployment may change."""

from datetime import time, timedelta
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, NonNegativeInt, PositiveFloat, PositiveInt, SecretStr, model_validator

from services.customers.may_dial import Policy
from services.customers.quiet_days import read_quiet_days
from voicekit.clock import Now, calling_clock
from voicekit.errors import InvalidInput
from voicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of the customers service."""

    database_url: SecretStr
    """postgresql://user:password@host:port/database."""

    database_pool_size: PositiveInt = 10
    """Connections to the database at most; one more listens for changes."""

    database_acquire_timeout_s: PositiveFloat = 2
    """How long a request waits for a free connection before it is turned away."""

    database_command_timeout_s: PositiveFloat = 5
    """How long a statement may take; imports have their own limit."""

    call_hours: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")] = "08:00-19:00"
    """When borrowers may be called, in India's time; only narrower hours are taken."""

    call_microfinance: bool = False
    """True when the loans are microfinance, which may be called about from 09:00 to 18:00 only."""

    call_guard_minutes: NonNegativeInt = 10
    """How long before the end of the hours the last call begins."""

    call_attempts_per_day: PositiveInt = 3
    """Attempts for one person on one day, over all loans."""

    call_attempts_per_week: PositiveInt = 7
    """Attempts for one person in any seven days, over all loans."""

    call_one_conversation_a_day: bool = True
    """Whether a person who was spoken with to the end is left alone until the next day, about all loans."""

    call_quiet_days: str = "01-26,08-15,10-02"
    """Days on which nobody is called, with commas between: mm-dd for every year, yyyy-mm-dd for one, and with @State
    after it for one state alone, such as 2026-11-08@Maharashtra. By default the national holidays."""

    call_opening_jitter_minutes: NonNegativeInt = 10
    """Over how long after the hours begin the calls are spread that waited for it."""

    call_data_age_hours_due: PositiveInt = 72
    """How old the lender's word about a loan may be before and on its due date."""

    call_data_age_hours_overdue: PositiveInt = 24
    """How old it may be after the due date."""

    calling_clock: AwareDatetime | None = None
    """A simulated present that goes on from here, such as 2026-11-23T11:00+05:30; refused unless the carrier's address
    is on this machine."""

    exotel_api_base: str = ""
    """The carrier's address, as telephony is given it; looked at only when `CALLING_CLOCK` is set."""

    customers_listen: Annotated[str, Field(pattern=r"^.+:\d+$")] = "0.0.0.0:50054"
    """host:port that the gRPC server listens on."""

    @property
    def policy(self) -> Policy:
        """When and how often borrowers are called; `InvalidInput` for hours that are too wide."""
        opens, closes = map(time.fromisoformat, self.call_hours.split("-"))
        return Policy(
            opens,
            closes,
            microfinance=self.call_microfinance,
            guard=timedelta(minutes=self.call_guard_minutes),
            per_day=self.call_attempts_per_day,
            per_week=self.call_attempts_per_week,
            max_age_due=timedelta(hours=self.call_data_age_hours_due),
            max_age_overdue=timedelta(hours=self.call_data_age_hours_overdue),
            one_talk_a_day=self.call_one_conversation_a_day,
            quiet_days=read_quiet_days(self.call_quiet_days),
            jitter=timedelta(minutes=self.call_opening_jitter_minutes),
        )

    @property
    def clock(self) -> Now:
        """The clock that the rules of calling go by; `InvalidInput` for a simulated one where calls are real."""
        return calling_clock(self.calling_clock, [self.exotel_api_base])

    @model_validator(mode="after")
    def _lawful(self) -> Self:
        try:
            _ = self.policy, self.clock
        except InvalidInput as error:
            raise ValueError(str(error)) from error
        return self
