"""Prompts that a person has recorded: a folder with audio files and a `manifest.json` that says what each one says.

    [{"text": "…", "language": "hi-IN", "file": "greeting.wav"}]

They are read once, at the start.
"""

import json
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

from services.speech.formats import read_audio
from voicekit.audio import pad_to_frame
from voicekit.errors import InvalidInput
from voicekit.languages import check_language


class _Entry(BaseModel):
    text: str
    language: str
    file: str


_MANIFEST = TypeAdapter(list[_Entry])


class RecordedPrompts:
    """Recordings by what they say."""

    def __init__(self, folder: Path | None = None) -> None:
        """Read all of `folder`; `InvalidInput` naming the manifest or the file that is wrong."""
        self._prompts: dict[tuple[str, str], bytes] = {}
        for entry in _read_manifest(folder) if folder else []:
            file = folder / entry.file if folder else Path(entry.file)
            check_language(entry.language, f"language of {entry.file}")
            try:
                pcm = read_audio(file.read_bytes(), file.suffix.lstrip(".").lower())
            except (OSError, InvalidInput) as error:
                raise InvalidInput(f"{entry.file}: {error}") from error
            self._prompts[entry.text, entry.language] = pad_to_frame(pcm)

    def find(self, text: str, language: str) -> bytes | None:
        """Return the recording of `text`, whole frames of it, if there is one."""
        return self._prompts.get((text, language))


def _read_manifest(folder: Path) -> list[_Entry]:
    try:
        return _MANIFEST.validate_python(json.loads((folder / "manifest.json").read_text("utf-8")))
    except (OSError, json.JSONDecodeError, ValidationError) as error:
        raise InvalidInput(f"{folder / 'manifest.json'} is no manifest: {type(error).__name__}") from error
