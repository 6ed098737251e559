"""Models, and what each family of Claude takes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from emulators.bedrock.errors import Refusal, invalid


@dataclass(frozen=True, slots=True)
class Family:
    """What a family of models takes; a wrong combination is a 400 on every turn."""

    sampling: bool = False
    """Takes `temperature` or `topP`, never both."""
    forced_tool: bool = True
    thinks_unasked: bool = False
    """Thinks unless told not to."""
    thinking_always: bool = False
    """Cannot be told not to."""
    thinking_budget: bool = False
    """Takes thinking with a budget; that excludes a forced tool."""
    prefill: bool = False
    effort: bool = True
    cache_minimum: int = 1024
    """Tokens of a prefix below which a cache point is ignored."""
    token_factor: float = 1.0
    """Tokens for the same text, against the older tokenizer."""


FAMILIES: Final[Mapping[str, Family]] = {
    "claude-haiku-4-5": Family(sampling=True, thinking_budget=True, prefill=True, effort=False, cache_minimum=4096),
    "claude-sonnet-4-6": Family(sampling=True, thinking_budget=True, cache_minimum=2048),
    "claude-haiku-5-5": Family(thinks_unasked=True, cache_minimum=512, token_factor=1.3),
    "claude-opus-5-5": Family(forced_tool=False, thinks_unasked=True, thinking_always=True, token_factor=1.3),
    "claude-fable-5": Family(forced_tool=False, thinks_unasked=True, thinking_always=True, token_factor=1.3),
    "claude-opus-4-8": Family(token_factor=1.3),
    "claude-opus-4-7": Family(token_factor=1.3),
    "claude-opus-5": Family(thinks_unasked=True, token_factor=1.3),
    "claude-sonnet-5": Family(token_factor=1.3),
}
"""The first name found in a model id counts."""

_GEOGRAPHY: Final = re.compile(r"^(global|us|eu|apac|jp|au)\.")
_MODEL_ID: Final = re.compile(r"^[a-z0-9.-]+(:\d+)?$")


def family_of(model_id: str, application_profiles: Mapping[str, str]) -> Family:
    """Find the family behind an id, a profile or an ARN.

    Args:
        model_id: as the client sent it, decoded.
        application_profiles: what stands behind the application inference profiles of the account, by their ids.

    Raises:
        Refusal: 400 for a base id, which needs a profile; 404 for a model that is not there.
    """
    kind, _, name = model_id.rpartition("/")
    if kind.endswith(":application-inference-profile"):
        name = application_profiles.get(name, "")
    elif not _MODEL_ID.match(name):
        raise invalid("The provided model identifier is invalid.")
    elif not _GEOGRAPHY.match(name):
        raise invalid(
            f"Invocation of model ID {name} with on-demand throughput isn't supported. Retry your request with the ID "
            "or ARN of an inference profile that contains this model."
        )
    for known, family in FAMILIES.items():
        if known in name:
            return family
    raise Refusal(404, "ResourceNotFoundException", "The model could not be found.")
