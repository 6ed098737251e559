"""The small text helpers: which language a text is in, and tables for the rest."""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from emulators.sarvam import catalogue
from emulators.sarvam.errors import ApiError, invalid
from emulators.sarvam.provider import Provider

_SCRIPTS: Final = {
    "LATIN": ("Latn", "en-IN"),
    "DEVANAGARI": ("Deva", "hi-IN"),
    "BENGALI": ("Beng", "bn-IN"),
    "GUJARATI": ("Gujr", "gu-IN"),
    "KANNADA": ("Knda", "kn-IN"),
    "MALAYALAM": ("Mlym", "ml-IN"),
    "ORIYA": ("Orya", "od-IN"),
    "GURMUKHI": ("Guru", "pa-IN"),
    "TAMIL": ("Taml", "ta-IN"),
    "TELUGU": ("Telu", "te-IN"),
}
_MARATHI: Final = frozenset({"आहे", "नाही", "मी", "तुम्ही", "आपण", "काय", "होय", "करा", "बोला", "माझे", "आणि", "नको"})
_TRANSLATED: Final = {("Your instalment is due.", "hi-IN"): "आपकी किस्त बाकी है।"}
_TRANSLITERATED: Final = {("namaste", "hi-IN"): "नमस्ते"}


def identify(text: str) -> tuple[str | None, str | None]:
    """Tell language and script of a text by its letters; Marathi by a few of its words."""
    letters = (unicodedata.name(letter, "").split(" ")[0] for letter in text if letter.isalpha())
    scripts = Counter(name for name in letters if name in _SCRIPTS)
    if not scripts:
        return None, None
    script, language = _SCRIPTS[scripts.most_common(1)[0][0]]
    if script == "Deva" and _MARATHI & set(text.replace("।", " ").split()):
        language = "mr-IN"
    return language, script


async def text_lid(provider: Provider, request: web.Request, request_id: str) -> web.Response:
    """Identify the language of `input`."""
    text, _ = await _read(provider, request, 1000)
    language, script = identify(text)
    return web.json_response({"request_id": request_id, "language_code": language, "script_code": script})


async def translate(provider: Provider, request: web.Request, request_id: str) -> web.Response:
    """Look `input` up in a fixed table; what is not in it comes back as it is."""
    text, fields = await _read(provider, request, 1000)
    return _converted("translated_text", _TRANSLATED, text, fields, request_id)


async def transliterate(provider: Provider, request: web.Request, request_id: str) -> web.Response:
    """Look `input` up in a fixed table; what is not in it comes back as it is."""
    text, fields = await _read(provider, request, 1000)
    return _converted("transliterated_text", _TRANSLITERATED, text, fields, request_id)


async def _read(provider: Provider, request: web.Request, longest: int) -> tuple[str, Mapping[str, Any]]:
    try:
        fields = await request.json()
    except ValueError:
        fields = None
    if not isinstance(fields, dict) or not isinstance(fields.get("input"), str):
        raise ApiError(422, "Field required: input")
    if len(fields["input"]) > longest:
        raise invalid(f"input should have at most {longest} characters")
    provider.journal.usage.text_characters += len(fields["input"])
    return fields["input"], fields


def _converted(
    name: str, table: Mapping[tuple[str, str], str], text: str, fields: Mapping[str, Any], request_id: str
) -> web.Response:
    target = str(fields.get("target_language_code", ""))
    source = str(fields.get("source_language_code", ""))
    if target not in catalogue.SPOKEN or source not in catalogue.SPOKEN | {"auto"}:
        raise invalid("source_language_code or target_language_code is invalid")
    return web.json_response(
        {
            "request_id": request_id,
            name: table.get((text, target), text),
            "source_language_code": identify(text)[0] if source == "auto" else source,
        }
    )
