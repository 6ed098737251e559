"""What the demo is made of: its borrowers, its judge, and the programs that it starts."""

import asyncio
import csv
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from emulators.exotel.judge import RULES
from emulators.exotel.people import parse_people
from emulators.exotel.persona import Say
from emulators.sarvam.phrasebook import read_phrases
from local.board import summary
from local.cases import COLUMNS, Cases, Expected, UnknownCase, load_cases
from local.outcome import judge
from local.processes import Processes, Program
from local.providers import HalfConfigured, Providers, choose
from local.server_process import CannotStart
from services.customers.check_file import check_file
from voice.customers import v1 as pb

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def cases() -> Cases:
    return load_cases(TODAY)


# The borrowers.


def test_every_borrower_can_be_imported(cases: Cases) -> None:
    checked = check_file(cases.csv(), lender_name="Asha Finance", today=TODAY)
    assert len(checked.rows) == len(cases.cases) >= 12
    assert [row.name for row in checked.rows] == [case.borrower["name"] for case in cases.cases]


def test_no_two_borrowers_share_a_phone_a_loan_or_a_key(cases: Cases) -> None:
    told = [(case.phone, case.borrower["loan_id"], case.key) for case in cases.cases]
    assert [len(set(each)) for each in zip(*told, strict=True)] == [len(told)] * 3


def test_dues_are_in_the_month_that_follows(cases: Cases) -> None:
    assert {case.borrower["due_date"][:7] for case in cases.cases} == {"2026-12"}
    december = load_cases(date(2026, 12, 31))
    assert {case.borrower["due_date"][:7] for case in december.cases} == {"2027-01"}


def test_the_file_has_the_columns_that_users_know(cases: Cases) -> None:
    rows = list(csv.DictReader(cases.csv().decode().splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert [row["phone_number"] for row in rows] == [case.phone for case in cases.cases]


def test_the_emulated_exotel_takes_every_persona(cases: Cases) -> None:
    people = parse_people(yaml.safe_load(cases.personas_yaml()))
    assert set(people.personas) == {case.phone for case in (*cases.cases, *cases.others)}
    assert list(people.agents) == ["+919999911111"]


def test_the_emulated_sarvam_knows_all_that_is_said(cases: Cases, tmp_path: Path) -> None:
    book = tmp_path / "phrases.json"
    book.write_text(cases.phrases_json(), encoding="utf-8")
    known = {(phrase.text, phrase.language) for phrase in read_phrases(book)}
    people = parse_people(yaml.safe_load(cases.personas_yaml()))
    for scripts in people.personas.values():
        for persona in scripts:
            said = [step for step in persona.steps if isinstance(step, Say)]
            assert {(step.text, step.language or persona.language) for step in said} <= known
    assert len(known) > 10


def test_the_calls_come_out_in_all_eleven_languages(cases: Cases) -> None:
    awaited = {case.expected.language for case in cases.cases} - {None}
    assert awaited == {
        "hi-IN", "ta-IN", "en-IN", "or-IN", "bn-IN", "te-IN", "pa-IN", "gu-IN", "ml-IN", "mr-IN", "kn-IN",
    }  # fmt: skip


def test_one_case_can_be_chosen_and_an_unknown_one_is_named(cases: Cases) -> None:
    assert [case.key for case in cases.only(["busy"]).cases] == ["busy"]
    assert cases.only(None) is cases
    with pytest.raises(UnknownCase, match=r"no case bussy; there are: .*busy"):
        cases.only(["bussy"])


# The judge. `GOOD` is a call as it should be; each test spoils one thing.

GOOD = Expected("completed", "conversation_done", "hi-IN", True, "RPC_INFO", interrupted=False, heard_debt=True)


def update(status: "pb.CallStatus.ValueType", *, applied: bool = True) -> pb.StatusUpdate:
    return pb.StatusUpdate(status=status, applied=applied)


def record(**changes: object) -> pb.GetCallResponse:
    call = pb.Call(
        status=pb.CALL_STATUS_COMPLETED,
        reason="conversation_done",
        language_used="hi-IN",
        verified=True,
        disposition="RPC_INFO",
    )
    for name, value in changes.items():
        setattr(call, name, value)
    turns = [
        pb.CallTurn(speaker=pb.SPEAKER_BOT, language="hi-IN", text="नमस्ते"),
        pb.CallTurn(speaker=pb.SPEAKER_BORROWER, language="hi-IN", text="हाँ"),
        pb.CallTurn(speaker=pb.SPEAKER_BOT, language="hi-IN", text="आपके लोन की ईएमआई बाकी है"),
    ]
    history = [update(pb.CALL_STATUS_IN_PROGRESS), update(pb.CALL_STATUS_COMPLETED)]
    return pb.GetCallResponse(call=call, turns=turns, history=history)


def problems(cases: Cases, kept: pb.GetCallResponse | None, expected: Expected = GOOD, *found: str) -> Sequence[str]:
    outcome = judge(replace(cases.cases[0], expected=expected), kept, found)
    assert outcome.as_expected == (not outcome.problems)
    return outcome.problems


def test_a_call_as_it_should_be_has_no_problem(cases: Cases) -> None:
    assert problems(cases, record()) == ()


def test_what_is_not_expected_is_not_judged(cases: Cases) -> None:
    assert problems(cases, record(reason="anything", disposition="ELSE"), Expected("completed")) == ()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"status": pb.CALL_STATUS_FAILED}, "status is 'failed', not 'completed'"),
        ({"reason": "hung_up"}, "reason is 'hung_up', not 'conversation_done'"),
        ({"language_used": "ta-IN"}, "language is 'ta-IN', not 'hi-IN'"),
        ({"disposition": ""}, "disposition is '', not 'RPC_INFO'"),
    ],
)
def test_every_wrong_field_is_found(cases: Cases, changes: dict[str, object], problem: str) -> None:
    assert problems(cases, record(**changes)) == (problem,)


def test_an_unexpected_verification_is_found(cases: Cases) -> None:
    assert problems(cases, record(), replace(GOOD, verified=False)) == ("verified is True, not False",)


def test_words_of_debt_to_somebody_unknown_are_found_also_where_nothing_is_expected_of_them(cases: Cases) -> None:
    (problem,) = problems(cases, record(verified=False), Expected("completed"))
    assert problem.startswith("words of debt before the borrower was known: ")


def test_words_of_debt_that_should_not_have_been_said_are_found(cases: Cases) -> None:
    assert problems(cases, record(), replace(GOOD, heard_debt=False)) == ("heard_debt is True, not False",)


def test_the_borrower_s_own_words_of_debt_are_no_fault_of_ours(cases: Cases) -> None:
    kept = record(verified=False)
    kept.turns[2].speaker = pb.SPEAKER_BORROWER
    assert problems(cases, kept, Expected("completed", heard_debt=False)) == ()


def test_an_interruption_that_did_not_come_or_should_not_have_is_found(cases: Cases) -> None:
    assert problems(cases, record(), replace(GOOD, interrupted=True)) == ("interrupted is False, not True",)
    kept = record()
    kept.turns[2].interrupted = True
    assert problems(cases, kept) == ("interrupted is True, not False",)


def test_one_final_status_too_many_or_too_few_is_found(cases: Cases) -> None:
    kept = record()
    kept.history.append(update(pb.CALL_STATUS_FAILED))
    assert problems(cases, kept) == ("2 final statuses were applied, not one",)
    kept.history[2].applied = False
    assert problems(cases, kept) == ()
    del kept.history[1:]
    assert problems(cases, kept) == ("0 final statuses were applied, not one",)


def test_a_breach_of_the_carrier_s_protocol_is_found(cases: Cases) -> None:
    assert problems(cases, record(), GOOD, "a frame of 319 bytes") == ("on the wire: a frame of 319 bytes",)


@pytest.mark.parametrize(("rule", "told"), [("underrun", True), ("open-after-stop", False)])
def test_a_machine_that_was_too_busy_for_sound_is_told_as_the_reason(cases: Cases, rule: str, told: bool) -> None:
    outcome = judge(cases.cases[0], None, ())
    late = replace(outcome, problems=(f"on the wire: {RULES[rule][1]} (85 ms)",))
    console = Console(width=200)
    with console.capture() as printed:
        console.print(summary([late]))
    assert ("too busy" in printed.get()) is told


def test_a_call_that_is_not_on_record_is_found(cases: Cases) -> None:
    assert problems(cases, None) == ("there is no call on record",)


# The programs.


def program(name: str, code: str, *, ready_when: Path | None = None) -> Program:
    async def ready() -> bool:
        return ready_when is None or await asyncio.to_thread(ready_when.exists)

    return Program(name, ["-c", f"import pathlib, signal, sys, time\n{code}"], ready=ready if ready_when else None)


FOR_EVER = "while True: time.sleep(0.05)"


def stoppable(name: str, folder: Path) -> Program:
    """A program that writes its name into `order` when it is told to stop."""
    code = f"""
def stop(*_):
    with open({str(folder / "order")!r}, "a") as order:
        order.write("{name} ")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("{name} runs")
pathlib.Path({str(folder / name)!r}).touch()
{FOR_EVER}"""
    return program(name, code, ready_when=folder / name)


async def test_a_program_that_ends_before_it_is_ready_is_reported_with_its_last_lines(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    code = "print('first'); [print('line', n) for n in range(30)]; print('no database'); sys.exit(3)"
    with pytest.raises(CannotStart, match=r"(?s)customers ended with code 3\..*no database") as error:
        await processes.start(program("customers", code, ready_when=tmp_path / "never"))
    await processes.stop_all()
    assert "first" not in str(error.value)  # its end alone


async def test_a_program_that_is_never_ready_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.processes.START_TIMEOUT_S", 0.3)
    processes = Processes(tmp_path)
    with pytest.raises(CannotStart, match=r"slow was not ready within 0\.3 s"):
        await processes.start(program("slow", FOR_EVER, ready_when=tmp_path / "never"))
    await processes.stop_all()


async def test_a_program_that_ends_by_itself_is_told(tmp_path: Path) -> None:
    processes, lines = Processes(tmp_path, lambda name, line: lines.append((name, line))), list[tuple[str, str]]()
    await processes.start(program("speech", "print('out of memory'); sys.exit(9)"))
    async with asyncio.timeout(20):
        assert await processes.failed == "speech ended by itself with code 9"
    await processes.stop_all()
    assert lines == [("speech", "out of memory")]
    assert processes.log_of("speech").read_text() == "out of memory\n"


async def test_programs_stop_in_the_reverse_order_and_that_is_no_failure(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    for name in ("one", "two", "three"):
        await processes.start(stoppable(name, tmp_path))
    await processes.stop_all()
    assert (tmp_path / "order").read_text() == "three two one "
    assert not processes.failed.done()


async def test_a_program_that_is_killed_gets_no_chance_to_say_goodbye(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    await processes.start(stoppable("one", tmp_path))
    await processes.kill("one")
    await processes.stop_all()
    assert not (tmp_path / "order").exists()
    assert not processes.failed.done()


async def test_a_program_that_was_killed_can_be_started_again(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    await processes.start(stoppable("one", tmp_path))
    await processes.kill("one")
    (tmp_path / "one").unlink()
    await processes.start(stoppable("one", tmp_path))
    await processes.stop_all()
    assert (tmp_path / "order").read_text() == "one "
    assert processes.log_of("one").read_text() == "one runs\n" * 2  # the old log is kept


async def test_a_program_that_does_not_stop_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.processes.STOP_TIMEOUT_S", 0.2)
    processes = Processes(tmp_path)
    deaf = (
        f"signal.signal(signal.SIGTERM, signal.SIG_IGN)\npathlib.Path({str(tmp_path / 'deaf')!r}).touch()\n{FOR_EVER}"
    )
    await processes.start(program("deaf", deaf, ready_when=tmp_path / "deaf"))
    async with asyncio.timeout(20):
        await processes.stop_all()


async def test_programs_stop_in_good_order_also_when_their_logs_were_thrown_away(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    processes = Processes(logs)
    await processes.start(stoppable("one", tmp_path))
    shutil.rmtree(logs)
    await processes.start(stoppable("two", tmp_path))
    assert processes.log_of("two").exists()  # made anew
    await processes.stop_all()
    assert (tmp_path / "order").read_text() == "two one "


async def test_a_program_is_read_and_stopped_where_no_log_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file, where the folder should be")
    lines: list[str] = []
    processes = Processes(tmp_path / "logs", lambda _, line: lines.append(line))
    await processes.start(stoppable("one", tmp_path))
    await processes.stop_all()
    assert lines == ["one runs"]


# Whose providers.


def test_a_provider_is_the_real_one_when_all_its_keys_are_given() -> None:
    exotel = dict.fromkeys(
        ("EXOTEL_SID", "EXOTEL_API_KEY", "EXOTEL_TOKEN", "EXOTEL_VIRTUAL_NUMBER", "EXOTEL_APP_ID", "BASE_URL"), "x"
    )
    assert choose({}) == Providers(sarvam=False, exotel=False, bedrock=False)
    assert choose({"SARVAM_API_KEY": "k"}) == Providers(sarvam=True, exotel=False, bedrock=False)
    assert choose(exotel) == Providers(sarvam=False, exotel=True, bedrock=False)
    with pytest.raises(HalfConfigured, match=r"^EXOTEL_TOKEN must be set too"):
        choose({**exotel, "EXOTEL_TOKEN": ""})
    assert not choose({"BASE_URL": "https://x"}).exotel


def test_phrases_are_readable_by_whoever_opens_the_file(cases: Cases) -> None:
    assert "हाँ जी, बोल रहा हूँ" in cases.phrases_json()
    assert {"text": "No, thank you", "language": "en-IN"} in json.loads(cases.phrases_json())
