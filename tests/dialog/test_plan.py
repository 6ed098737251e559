from dataclasses import replace

import pytest

from services.dialog.debt_words import debt_words_in
from services.dialog.plan import plan_call
from services.dialog.script import Script
from services.dialog.turns import Brief
from tests.dialog.talk import BRIEF, TODAY, Talk, conversation
from voicekit.errors import InvalidInput
from voicekit.languages import LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_the_common_path_says_was_planned(language: str) -> None:
    plan = plan_call(BRIEF, Script(BRIEF, TODAY), language)
    talk = Talk(conversation(language=language))
    talk.says("YES")
    talk.says("YES")
    said = {line for turn in talk.turns for line in turn.lines}
    assert said <= {*plan.greeting, *plan.likely}
    assert plan.greeting == (*talk.turns[0].lines, *talk.turns[1].lines)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_likely_lines_come_in_the_order_of_need_and_once(language: str) -> None:
    plan = plan_call(BRIEF, Script(BRIEF, TODAY), language)
    talk = Talk(conversation(language=language))
    talk.says("YES")
    needed = [line for turn in talk.turns[2:] for line in turn.lines]
    assert list(plan.likely[: len(needed)]) == needed
    assert len(set(plan.likely)) == len(plan.likely)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_telephony_says_by_itself_tells_nobody_anything(language: str) -> None:
    plan = plan_call(BRIEF, Script(BRIEF, TODAY), language)
    assert plan.hold
    assert plan.goodbye
    for line in (*plan.greeting, *plan.hold, *plan.goodbye):
        assert not debt_words_in(line.text, language)


def test_for_somebody_unknown_only_the_greeting_is_planned() -> None:
    stranger = replace(BRIEF, customer_id=0, customer_name="", loan_id="", amount_paise=0, due_date="", inbound=True)
    plan = plan_call(stranger, Script(stranger, TODAY), "en-IN")
    assert plan.greeting[0].text == "Namaste. This is the automated line of Asha Finance."
    assert plan.likely == ()


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        (replace(BRIEF, amount_paise=0), "amount_paise"),
        (replace(BRIEF, due_date="05/12/2026"), "due_date"),
        (replace(BRIEF, due_date=""), "due_date"),
        (replace(BRIEF, loan_id=""), "loan_id"),
        (replace(BRIEF, lender_name=""), "lender_name"),
    ],
)
def test_what_cannot_be_spoken_is_refused_by_its_name(broken: Brief, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        plan_call(broken, Script(broken, TODAY), "hi-IN")
    assert refused.value.field == field
