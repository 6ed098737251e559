"""Keeps what happened on a call as files: what was said, what was heard, and every message."""

import json
from pathlib import Path

from emulators.audio import stereo, wav_bytes
from emulators.exotel.call import Call


def record(call: Call, folder: Path) -> Path:
    """Write `<sid>.wav` (caller left, what the ear heard of the bot right) and `<sid>.json`; return the WAV's path."""
    folder.mkdir(parents=True, exist_ok=True)
    sound = folder / f"{call.sid}.wav"
    sound.write_bytes(wav_bytes(stereo(call.spoken, call.heard), channels=2))
    messages = [
        {"stream": stream.sid, "opened_s": stream.opened - call.began, "log": stream.log} for stream in call.streams
    ]
    report = call.view() | {"messages": messages}
    (folder / f"{call.sid}.json").write_text(json.dumps(report, indent=1, ensure_ascii=False), "utf-8")
    return sound
