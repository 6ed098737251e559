"""What a deployment may change."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field, PositiveInt, SecretStr, model_validator

from services.dashboard.people import Role
from voicekit.settings import ServiceSettings

HostPort = Annotated[str, Field(pattern=r"^.+:\d+$")]


class UserSetting(BaseModel):
    """Somebody who may sign in."""

    role: Role
    password_hash: SecretStr


class Settings(ServiceSettings):
    """Settings of the dashboard."""

    dashboard_http_listen: HostPort = "0.0.0.0:8080"
    """host:port that the web server listens on; /healthz/live and /healthz/ready are there too."""

    customers_address: str
    """host:port of the customers service."""

    telephony_address: str
    """host:port of the telephony service."""

    redis_url: SecretStr
    """Such as redis://localhost:6379/0; keeps who is signed in."""

    dashboard_admin_password: SecretStr | None = None
    """Password of the user `admin`. Without it and DASHBOARD_USERS one is made up and printed, in development alone."""

    dashboard_users: dict[str, UserSetting] = Field(default_factory=dict)
    """Further users as JSON: name to {"role": "viewer", "operator" or "admin", "password_hash": what
    `python -m services.dashboard.passwords` prints}."""

    dashboard_api_tokens: dict[Annotated[str, Field(pattern="^[0-9a-f]{64}$")], Role] = Field(default_factory=dict)
    """Tokens of programs as JSON: SHA-256 of the token, in hex, to the role. They send `Authorization: Bearer`."""

    dashboard_origins: list[str] = Field(default_factory=list)
    """Further origins that pages may come from, as JSON, such as ["https://calls.example.in"]; our own always may."""

    lender_name: Annotated[str, Field(min_length=1, max_length=100)] = "Asha Finance"
    """Who lends, where an uploaded file has no column for it and the request does not say; said in every call."""

    upload_max_bytes: PositiveInt = 10 * 1024 * 1024
    """How large an uploaded file may be."""

    recordings_dir: Path | None = None
    """Folder in which telephony leaves recordings of calls, as {call_id}.wav; none are played without."""

    session_idle_seconds: PositiveInt = 2 * 3600
    """How long somebody stays signed in who does nothing."""

    session_seconds: PositiveInt = 12 * 3600
    """How long somebody stays signed in at most."""

    max_live_viewers: PositiveInt = 500
    """Live connections that this process holds; the next is turned away."""

    calling_clock: AwareDatetime | None = None
    """The simulated present that calls are made by, as customers is given it: says what is "today" here. Never in
    production."""

    drain_seconds: float = 5.0
    """How long a stopping process waits for requests under way; live pages reconnect elsewhere."""

    @model_validator(mode="after")
    def _somebody_can_sign_in(self) -> Self:
        password = self.dashboard_admin_password
        if self.environment != "production":
            return self
        if self.calling_clock:
            raise ValueError("CALLING_CLOCK is no setting of production")
        if not (password or self.dashboard_users):
            raise ValueError("DASHBOARD_ADMIN_PASSWORD or DASHBOARD_USERS must be set in production")
        if password and len(password.get_secret_value()) < 12:
            raise ValueError("DASHBOARD_ADMIN_PASSWORD must have 12 characters or more")
        return self
