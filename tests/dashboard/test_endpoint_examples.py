"""The example files are such as the record takes, and their numbers such as the emulated borrowers answer."""

import csv
import io

import yaml

from local.cases import load_cases
from services.customers.check_file import CheckedFile, check_file
from services.customers.places import state_name
from services.dashboard.people import Role
from tests.dashboard.fakes import NOON, Record
from tests.dashboard.stand import TOKENS, Stand, standing

EXAMPLE, MISTAKES = "/examples/borrowers.csv", "/examples/mistakes.csv"


async def taken(stand: Stand, path: str) -> tuple[bytes, CheckedFile]:
    """Fetch a file, and check it as the record does."""
    answer = await (await stand.signed_in(Role.VIEWER)).get(path)
    assert (answer.status, answer.content_type) == (200, "text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    data = await answer.read()
    return data, check_file(data, lender_name="Usha Credit", today=NOON.date())


async def test_the_example_is_taken_whole(stand: Stand) -> None:
    _, checked = await taken(stand, EXAMPLE)
    assert (len(checked.rows), checked.rejected_rows) == (15, 0)
    assert [problem for problem in checked.problems if not problem.warning] == []


async def test_the_example_with_mistakes_has_one_of_each_kind(stand: Stand) -> None:
    _, checked = await taken(stand, MISTAKES)
    assert (checked.total_rows, checked.rejected_rows, checked.repeated_rows) == (50, 5, 0)
    wrong = {problem.column for problem in checked.problems if not problem.warning}
    assert wrong == {"Customer Name", "Mobile No.", "Loan A/c No.", "EMI Amount", "Due Date"}


async def test_nobody_stands_in_both(stand: Stand) -> None:
    (_, one), (_, other) = await taken(stand, EXAMPLE), await taken(stand, MISTAKES)
    for field in ("phone_number", "loan_id"):
        assert {getattr(row, field) for row in one.rows}.isdisjoint(getattr(row, field) for row in other.rows)


async def test_each_number_is_answered_by_an_emulated_borrower_of_that_state(stand: Stand) -> None:
    cases = load_cases(NOON.date())
    personas = yaml.safe_load(cases.personas_yaml())["personas"]
    states = {case.key: case.borrower["state"] for case in cases.cases}
    for path in (EXAMPLE, MISTAKES):
        data, _ = await taken(stand, path)
        for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig"))):
            phone = row["Mobile No."].replace(" ", "")[-10:]
            if len(phone) == 10:  # one is cut short: that is its mistake
                assert state_name(row["State"]) == states[personas[f"+91{phone}"]["name"]]


async def test_strangers_get_no_file(stand: Stand) -> None:
    assert (await (await stand.browser()).get(EXAMPLE)).status == 401


async def test_production_has_no_examples_for_somebody_may_be_rung_by_them() -> None:
    async with standing(Record(), secure=True) as stand:
        browser = await stand.browser()
        for path in (EXAMPLE, MISTAKES):
            answer = await browser.get(path, headers={"Authorization": f"Bearer {TOKENS[Role.VIEWER]}"})
            assert answer.status == 404
