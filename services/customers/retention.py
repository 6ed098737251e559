"""Deletes what was said in calls of long ago, and their recordings: `python -m services.customers.retention`.

Calls themselves stay, with their times, ends and dispositions. What a dispute, a complaint or the law holds is kept for
as long as it is held. Safe to run at any time, again, and from where it was stopped.
"""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from pydantic import PositiveInt

from services.customers.postgres import Database, open_database
from services.customers.settings import Settings
from voicekit.process import run
from voicekit.settings import load

log = structlog.get_logger(__name__)

BATCH: Final = 1000
WITHIN: Final = 60.0
_DUE: Final = """
    SELECT s.id FROM call_sessions AS s
    WHERE s.end_time < $1 AND ($2::uuid IS NULL OR s.id > $2)
        AND NOT EXISTS (
            SELECT FROM suppressions AS h
            WHERE h.kind IN ('DISP', 'FRAUD', 'COMPL', 'LEGAL') AND h.lifted_at IS NULL AND h.until > calling_now()
                AND (h.customer_id = s.customer_id OR h.phone_number = s.phone_number)
        )
    ORDER BY s.id LIMIT $3
"""


class RetentionSettings(Settings):
    """Settings of the command: those of the service, and its own."""

    transcript_kept_days: PositiveInt = 365
    """How long what was said in a call is kept after its end."""

    recording_kept_days: PositiveInt = 365
    """How long the recording of a call is kept after its end."""

    recordings_dir: Path | None = None
    """Folder of the recordings, as telephony has it; without it only transcripts are deleted."""


async def delete_transcripts(database: Database, before: datetime) -> int:
    """Delete what was said in calls that ended before an instant; return of how many calls."""
    deleted, last = 0, None
    while calls := await database.fetch(_DUE, before, last, BATCH):
        ids, last = [call["id"] for call in calls], calls[-1]["id"]
        async with database.transaction() as connection:
            query = "DELETE FROM call_turns WHERE call_session_id = ANY ($1) RETURNING call_session_id"
            deleted += len({row[0] for row in await connection.fetch(query, ids, timeout=WITHIN)})
            query = (
                "UPDATE call_facts SET callback_words = '' WHERE call_session_id = ANY ($1) AND callback_words <> ''"
            )
            await connection.execute(query, ids, timeout=WITHIN)
            query = "UPDATE call_sessions SET callback_words = '' WHERE id = ANY ($1) AND callback_words <> ''"
            await connection.execute(query, ids, timeout=WITHIN)
    return deleted


async def delete_recordings(database: Database, folder: Path, before: datetime) -> int:
    """Delete the recordings of calls that ended before an instant; return how many there were."""
    deleted, last = 0, None
    while calls := await database.fetch(_DUE, before, last, BATCH):
        names, last = [f"{call['id']}.wav" for call in calls], calls[-1]["id"]
        deleted += await asyncio.to_thread(_delete, folder, names)
    return deleted


def _delete(folder: Path, names: list[str]) -> int:
    there = [file for name in names if (file := folder / name).exists()]
    for file in there:
        file.unlink(missing_ok=True)
    return len(there)


async def clean(settings: RetentionSettings) -> None:
    """Delete what is old enough."""
    clock = settings.clock
    now = clock()
    async with open_database(settings.database_url.get_secret_value(), now=clock, pool_size=2) as database:
        calls = await delete_transcripts(database, now - timedelta(days=settings.transcript_kept_days))
        log.info("Transcripts were deleted.", calls=calls)
        if settings.recordings_dir:
            before = now - timedelta(days=settings.recording_kept_days)
            files = await delete_recordings(database, settings.recordings_dir, before)
            log.info("Recordings were deleted.", files=files)


def main() -> None:
    """Read the settings and delete."""
    settings = load(RetentionSettings, program="python -m services.customers.retention", description=__doc__ or "")
    run("retention", settings, lambda _: clean(settings))


if __name__ == "__main__":
    main()
