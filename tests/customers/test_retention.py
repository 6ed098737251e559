"""What was said is forgotten in time, unless a dispute or the law holds it."""

from datetime import timedelta
from pathlib import Path

from services.customers.model import Event, FactsTold, Speaker, Turn
from services.customers.retention import RetentionSettings, clean
from tests.customers.record import NOON, TOMORROW, Record, facts, tell, told
from voicekit.clock import utc_now

YEAR = timedelta(days=365)


async def called(record: Record, number: int, what: FactsTold, folder: Path, *, ended_ago: timedelta) -> str:
    customer = await record.add_customer(loan=f"L{number}", phone=f"+9199999000{number:02d}")
    call = (await record.calls.begin(f"r{number}", customer)).call
    turn = Turn(1, Speaker.BORROWER, "", "haan", "hi-IN", "", "", 0, 1, False)
    said = Event("t", "bot", NOON, turn)
    await tell(record, call.id, told("in_progress"), said, facts("f", what), told("completed"))
    await record.run("UPDATE call_sessions SET end_time = $2 WHERE id = $1::text::uuid", call.id, utc_now() - ended_ago)
    (folder / f"{call.id}.wav").write_bytes(b"RIFF")
    return call.id


def recordings(folder: Path) -> set[str]:
    return {file.stem for file in folder.iterdir()}


async def test_old_words_and_recordings_go_and_calls_and_what_is_held_stay(
    record: Record, database_url: str, tmp_path: Path
) -> None:
    later = FactsTold(disposition="CB", callback_words="kal", callback_time=TOMORROW)
    old = await called(record, 1, later, tmp_path, ended_ago=YEAR + timedelta(hours=1))
    disputed = await called(record, 2, FactsTold(disposition="DISP"), tmp_path, ended_ago=2 * YEAR)
    young = await called(record, 3, FactsTold(disposition="RPC_PART"), tmp_path, ended_ago=YEAR - timedelta(hours=1))
    settings = RetentionSettings.model_validate({"database_url": database_url, "recordings_dir": tmp_path})
    for _ in range(2):
        await clean(settings)
    kept = await record.database.fetch("SELECT call_session_id::text AS id FROM call_turns")
    assert {row["id"] for row in kept} == {disputed, young}
    assert recordings(tmp_path) == {disputed, young}
    assert await record.value("SELECT string_agg(callback_words, '') FROM call_facts") == ""
    assert await record.value("SELECT string_agg(callback_words, '') FROM call_sessions") == ""
    assert (await record.calls.get(old)).call.disposition == "CB"


async def test_in_a_simulated_run_what_is_old_is_old_by_its_clock(
    record: Record, database_url: str, tmp_path: Path
) -> None:
    await called(record, 1, FactsTold(disposition="RPC_PART"), tmp_path, ended_ago=timedelta(0))
    held = await called(record, 2, FactsTold(disposition="DISP"), tmp_path, ended_ago=timedelta(0))
    await called(record, 3, FactsTold(disposition="DISP"), tmp_path, ended_ago=timedelta(0))
    over = "UPDATE suppressions SET until = $1 FROM customers AS c WHERE c.loan_id = 'L3' AND customer_id = c.id"
    await record.run(over, TOMORROW + YEAR)
    variables = {
        "database_url": database_url,
        "recordings_dir": tmp_path,
        "calling_clock": TOMORROW + YEAR + timedelta(days=1),
        "exotel_api_base": "http://127.0.0.1:1",
    }
    await clean(RetentionSettings.model_validate(variables))
    assert recordings(tmp_path) == {held}
