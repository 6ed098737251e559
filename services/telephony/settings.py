"""What a deployment of telephony may change."""

import socket
from pathlib import Path
from typing import Annotated, Self

from pydantic import AnyHttpUrl, Field, PositiveFloat, PositiveInt, SecretStr, model_validator

from services.telephony.phones import same_form
from voicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    """Read from the environment by `__main__` alone."""

    exotel_sid: str
    """Account at Exotel."""

    exotel_api_key: SecretStr
    """API key: the user of Basic authentication."""

    exotel_token: SecretStr
    """API token: its password."""

    exotel_virtual_number: str
    """Our number (ExoPhone), such as +918045670001."""

    exotel_app_id: str
    """Id of the flow that answers: Voicebot, Passthru, Connect."""

    exotel_api_base: AnyHttpUrl = AnyHttpUrl("https://api.in.exotel.com")
    """Address of the API; Mumbai's by default."""

    exotel_flow_base: AnyHttpUrl = AnyHttpUrl("http://my.exotel.com")
    """Where flows live, as the dashboard shows it."""

    exotel_requests_per_minute: PositiveInt = 60
    """Requests to the API that all pods together make in a minute."""

    agent_phone_number: str
    """Whom a call is handed over to, such as +919999911111."""

    base_url: AnyHttpUrl
    """Address at which Exotel reaches us, such as https://voice.example.in; the socket's is made of it."""

    webhook_secret: Annotated[SecretStr, Field(min_length=16)]
    """At least 16 characters: the token in the addresses that stand in Exotel's flow, and the key of all others."""

    socket_user: str = ""
    """User of the socket's Basic authentication; empty for none."""

    socket_password: SecretStr = SecretStr("")
    """Its password."""

    redis_url: SecretStr
    """Such as redis://localhost:6379/0."""

    speech_address: str = "localhost:50052"
    """host:port of speech."""

    dialog_address: str = "localhost:50053"
    """host:port of dialog."""

    customers_address: str = "localhost:50054"
    """host:port of customers."""

    telephony_listen: str = "0.0.0.0:50051"
    """host:port of our gRPC server."""

    telephony_http_host: str = "0.0.0.0"
    """Address on which Exotel is listened to."""

    telephony_http_port: int = 8000
    """Port of it; 0 for any free one."""

    pod_name: str = ""
    """Name of this process among all that lead calls, no two of which may share one; empty takes the host's."""

    max_calls: PositiveInt = 50
    """Calls that this process leads at once; the next is turned away."""

    lender_name: str = "Asha Finance"
    """Who we are to a caller whom nobody knows."""

    sample_rate: Annotated[int, Field(json_schema_extra={"enum": [8000, 16000, 24000]})] = 8000
    """Samples a second that the socket's address asks for: 8000, 16000 or 24000."""

    out_chunk_ms: Annotated[int, Field(ge=20, le=1000, multiple_of=20)] = 100
    """Length of one message of sound to Exotel."""

    numbered_media: bool = False
    """True adds chunk and timestamp to each message of sound; try it when calls end after a few seconds."""

    ring_seconds: PositiveInt = 30
    """How long a phone rings."""

    call_seconds: Annotated[int, Field(ge=60, le=14400)] = 480
    """The carrier's limit for a whole call, the part with an agent included."""

    recordings_dir: Path | None = None
    """Folder for recordings of calls; none are made without."""

    drain_seconds: PositiveFloat = 540.0
    """How long a stopping process waits for its calls: a little more than a call may take."""

    @property
    def pod(self) -> str:
        """Name of this process."""
        return self.pod_name or socket.gethostname()

    @property
    def flow_url(self) -> str:
        """The flow that an answered call enters."""
        return f"{str(self.exotel_flow_base).rstrip('/')}/{self.exotel_sid}/exoml/start_voice/{self.exotel_app_id}"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.sample_rate not in (8000, 16000, 24000):
            raise ValueError("SAMPLE_RATE is 8000, 16000 or 24000")
        for name in ("exotel_virtual_number", "agent_phone_number"):
            if not same_form(getattr(self, name)):
                raise ValueError(f"{name.upper()} is no phone number in India")
        return self
