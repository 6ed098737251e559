"""What a demo leaves behind for each call: a recording, a transcript with times, and the history of its status."""

import shutil
from pathlib import Path

from local.outcome import Outcome, status_name
from voice.customers import v1 as pb
from voicekit.languages import NAMES


def keep(outcome: Outcome, recordings: Path, folder: Path) -> None:
    """Write `<case>.wav` (borrower left, bot right), `<case>.transcript.txt` and `<case>.history.txt` into `folder`."""
    if outcome.record is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    call, key = outcome.record.call, outcome.case.key
    recording = recordings / f"{call.call_sid}.wav"
    if call.call_sid and recording.exists():
        shutil.copyfile(recording, folder / f"{key}.wav")
    (folder / f"{key}.transcript.txt").write_text(_transcript(outcome), encoding="utf-8")
    (folder / f"{key}.history.txt").write_text(_history(outcome.record), encoding="utf-8")


def _transcript(outcome: Outcome) -> str:
    assert outcome.record  # noqa: S101 -- the caller has looked
    call = outcome.record.call
    lines = [f"{outcome.case.title}", f"{status_name(call.status)} ({call.reason}), {call.disposition or '-'}", ""]
    for turn in outcome.record.turns:
        who = "bot     " if turn.speaker == pb.SPEAKER_BOT else "borrower"
        times = f"{turn.started_ms / 1000:7.2f} - {turn.ended_ms / 1000:7.2f}"
        lines.append(f"{times}  {who}  {NAMES.get(turn.language, turn.language):9}  {turn.text}{_remarks(turn)}")
    return "\n".join(lines) + "\n"


def _remarks(turn: pb.CallTurn) -> str:
    remarks = []
    if turn.intent:
        remarks.append(f"{turn.intent}, decided by {turn.decided_by}")
    if turn.interrupted:
        remarks.append("cut off")
    return f"  [{'; '.join(remarks)}]" if remarks else ""


def _history(record: pb.GetCallResponse) -> str:
    lines = []
    for update in record.history:
        told = f"{update.timestamp.ToJsonString()}  {status_name(update.status):15}  {update.source:8}  {update.reason}"
        lines.append(told if update.applied else f"{told}  (kept as history only: {update.refusal})")
    return "\n".join(lines) + "\n"
