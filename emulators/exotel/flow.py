"""Call flows as data: what happens to a call that was answered, applet by applet."""

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

_STRICT = ConfigDict(extra="forbid")

HANGUP: Final = "hangup"
"""The applet that every flow has: it ends the call."""


@dataclass(frozen=True, slots=True, config=_STRICT)
class Voicebot:
    """Hand the call to a bot over a stream."""

    url: str
    """`ws(s)://...`, or `http(s)://...` of a resolver that answers `{"url": "wss://..."}`."""
    next: str = HANGUP


@dataclass(frozen=True, slots=True, config=_STRICT)
class Passthru:
    """Tell the service about the call, and let its status choose the branch."""

    url: str
    on_200: str = HANGUP
    otherwise: str = HANGUP
    """After 302, and after every other answer or none."""
    wait: bool = True
    """False is the async mode: the answer is ignored and the flow goes on at once to `on_200`."""
    timeout_s: float = 5.0


@dataclass(frozen=True, slots=True, config=_STRICT)
class Connect:
    """Dial a human agent."""

    url: str = ""
    """Dynamic URL; empty dials `numbers`."""
    fallback_url: str = ""
    """Asked when the first one does not answer with 200."""
    numbers: tuple[str, ...] = ()
    answered: str = HANGUP
    unanswered: str = HANGUP
    timeout_s: float = 5.0


@dataclass(frozen=True, slots=True, config=_STRICT)
class Greeting:
    """Speak a sentence to the customer."""

    text: str
    language: str = "en-IN"
    next: str = HANGUP


Applet: TypeAlias = Voicebot | Passthru | Connect | Greeting


@dataclass(frozen=True, slots=True, config=_STRICT)
class Flow:
    """Applets by name. A name that no applet has, such as `hangup`, ends the call."""

    start: str
    applets: Mapping[str, Applet] = field(default_factory=dict)


def recommended(
    *, resolver_url: str, passthru_url: str, connect_url: str, after_agent_url: str = "", second_bot: bool = True
) -> Flow:
    """Build the flow for a bot that may hand over: Voicebot, Passthru, then Connect on 200 and the end on 302.

    When no agent answers, `second_bot` brings the bot back; `after_agent_url` is told about a finished transfer.
    """
    applets: dict[str, Applet] = {
        "bot": Voicebot(resolver_url, next="after_bot"),
        "after_bot": Passthru(passthru_url, on_200="agent"),
        "agent": Connect(
            connect_url,
            answered="after_agent" if after_agent_url else HANGUP,
            unanswered="second_bot" if second_bot else HANGUP,
        ),
        "second_bot": Voicebot(resolver_url),
    }
    if after_agent_url:
        applets["after_agent"] = Passthru(after_agent_url, wait=False)
    return Flow("bot", applets)


_KINDS: Final[Mapping[str, Any]] = {
    "voicebot": Voicebot,
    "passthru": Passthru,
    "connect": Connect,
    "greeting": Greeting,
}


def load_flows(source: Path) -> dict[str, Flow]:
    """Read flows by app id from YAML; `ValueError` says what is wrong.

    An entry reads `"51177": {start: bot, applets: {bot: {voicebot: {url: ..., next: hangup}}}}`.
    """
    data = yaml.safe_load(source.read_text("utf-8"))
    try:
        return {str(app_id): _flow(flow) for app_id, flow in data.items()}
    except (ValidationError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise ValueError(f"flows in {source.name}: {error}") from error


def _flow(data: Mapping[str, Any]) -> Flow:
    applets = {}
    for name, applet in data["applets"].items():
        ((kind, fields),) = applet.items()
        applets[name] = TypeAdapter(_KINDS[kind]).validate_python(fields)
    return Flow(data["start"], applets)
