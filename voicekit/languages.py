"""The eleven languages, by the codes that every service, table and log uses."""

from collections.abc import Mapping
from typing import Final

from voicekit.errors import InvalidInput

NAMES: Final[Mapping[str, str]] = {
    "en-IN": "English",
    "hi-IN": "Hindi",
    "ta-IN": "Tamil",
    "te-IN": "Telugu",
    "ml-IN": "Malayalam",
    "gu-IN": "Gujarati",
    "mr-IN": "Marathi",
    "bn-IN": "Bengali",
    "kn-IN": "Kannada",
    "pa-IN": "Punjabi",
    "or-IN": "Odia",
}
"""Code to English name. Odia is `or-IN` here; a provider that calls it `od-IN` is translated at its adapter."""

LANGUAGES: Final[tuple[str, ...]] = tuple(NAMES)
"""The codes alone."""


def check_language(code: str, field: str = "language") -> str:
    """Return `code` when it is one of the eleven; `InvalidInput` naming `field` otherwise."""
    if code not in NAMES:
        raise InvalidInput(f"{code!r} is none of {', '.join(LANGUAGES)}", field)
    return code
