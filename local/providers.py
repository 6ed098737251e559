"""Which providers are the real ones: those whose keys are given; the others are emulated on this machine."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "sarvam": ("SARVAM_API_KEY",),
    "exotel": ("EXOTEL_SID", "EXOTEL_API_KEY", "EXOTEL_TOKEN", "EXOTEL_VIRTUAL_NUMBER", "EXOTEL_APP_ID", "BASE_URL"),
    "bedrock": ("CLAUDE_INTENT_MODEL_ID", "AWS_ACCESS_KEY_ID"),
}


class HalfConfigured(Exception):
    """Some of a provider's variables are set and some are not; the text names them."""


@dataclass(frozen=True, slots=True)
class Providers:
    """True for each provider that is the real one."""

    sarvam: bool
    exotel: bool
    bedrock: bool


def choose(environment: Mapping[str, str]) -> Providers:
    """Look which providers have their keys in `environment`; `HalfConfigured` when only some of one's are there."""
    return Providers(**{name: _is_real(name, keys, environment) for name, keys in _KEYS.items()})


def _is_real(name: str, keys: tuple[str, ...], environment: Mapping[str, str]) -> bool:
    missing = [key for key in keys if not environment.get(key)]
    if len(missing) == len(keys):
        return False
    # A model's name or a public address alone, as .env.example has them, asks for nothing.
    if missing and any(environment.get(key) for key in keys if "KEY" in key or "TOKEN" in key):
        raise HalfConfigured(f"{', '.join(missing)} must be set too, or none of {', '.join(keys)}, to use {name}")
    return not missing


@dataclass(frozen=True, slots=True)
class EmulatedAccount:
    """The account at the emulated Exotel: made up anew for each run."""

    sid: str = "ashafinance1"
    api_key: str = "local-api-key"
    token: str = "local-api-token"  # noqa: S105 -- opens nothing but an emulator on this machine
    exophone: str = "+918045670001"
    app_id: str = "51177"


def new_secret() -> str:
    """Return a secret for this run."""
    return secrets.token_urlsafe(24)
