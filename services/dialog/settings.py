"""What a deployment may change about the dialog service."""

from datetime import time
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AwareDatetime, Field, PositiveFloat, PositiveInt, SecretStr, model_validator

from voicekit.clock import Now, calling_clock
from voicekit.errors import InvalidInput
from voicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    """Read from the environment by `__main__` alone."""

    dialog_listen: str = "0.0.0.0:50053"
    """host:port to listen on."""

    claude_intent_model_id: str = ""
    """The Bedrock model, inference profile or ARN that decides what the rules do not understand. Empty: the rules
    decide alone, which is allowed in development only."""

    claude_intent_model_family: str = ""
    """The model behind an ARN that does not name it, such as `haiku-4-5`."""

    intent_deadline_seconds: PositiveFloat = 2.0
    """How long a call waits for the model."""

    bedrock_threads: PositiveInt = 32
    """Requests to the model at a time."""

    aws_region: str = "ap-south-1"
    """Region whose Bedrock is asked."""

    aws_endpoint_url_bedrock_runtime: str = ""
    """Another server that speaks Bedrock's protocol; in production one of AWS only."""

    aws_access_key_id: str = ""
    """With the next two, credentials. Empty: those of the pod's role, or wherever boto3 finds some."""

    aws_secret_access_key: SecretStr = SecretStr("")
    """See `AWS_ACCESS_KEY_ID`."""

    aws_session_token: SecretStr = SecretStr("")
    """See `AWS_ACCESS_KEY_ID`."""

    rpv_accept_go_ahead: bool = False
    """True to take "tell me" for "it is I" when a borrower is asked for by name; the lender must agree to it."""

    agent_hours: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")] = "08:00-19:00"
    """When a call may be handed to an agent, in India's time; outside, a call back is promised."""

    calling_clock: AwareDatetime | None = None
    """A simulated present that goes on from here, such as 2026-11-23T11:00+05:30; refused unless Bedrock's address is
    on this machine."""

    @model_validator(mode="after")
    def _fit_for_production(self) -> Self:
        if self.environment == "production":
            if not self.claude_intent_model_id:
                raise ValueError("CLAUDE_INTENT_MODEL_ID is required in production")
            host = urlsplit(self.aws_endpoint_url_bedrock_runtime).hostname or ""
            if self.aws_endpoint_url_bedrock_runtime and not host.endswith((".amazonaws.com", ".api.aws")):
                raise ValueError("AWS_ENDPOINT_URL_BEDROCK_RUNTIME must be one of AWS in production")
        return self

    @model_validator(mode="after")
    def _fit_for_calls(self) -> Self:
        begin, end = self.agents_from_to
        if begin >= end:
            raise ValueError("AGENT_HOURS must end after they begin")
        try:
            _ = self.clock
        except InvalidInput as error:
            raise ValueError(str(error)) from error
        return self

    @property
    def clock(self) -> Now:
        """The clock of the call; `InvalidInput` for a simulated one where the model is real."""
        return calling_clock(self.calling_clock, [self.aws_endpoint_url_bedrock_runtime])

    @property
    def agents_from_to(self) -> tuple[time, time]:
        """When agents begin and end."""
        begin, end = self.agent_hours.split("-")
        return time.fromisoformat(begin), time.fromisoformat(end)
