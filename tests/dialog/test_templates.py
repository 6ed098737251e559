import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dialog.debt_words import DEBT_WORDS, debt_words_in
from services.dialog.spoken.tables import WORDS
from services.dialog.template_file import BadTemplates, load_templates
from services.dialog.templates import AFTER_VERIFICATION, PERSONAL, Line, Prompt, Values, render, values_for
from voicekit.errors import InvalidInput
from voicekit.languages import LANGUAGES

FILE = Path(__file__).parents[2] / "services/dialog/data/templates.yaml"
DETAILS = (Prompt.EMI_DETAILS_PART1, Prompt.EMI_DETAILS_PART2)
BEFORE_VERIFICATION = tuple(prompt for prompt in Prompt if prompt not in AFTER_VERIFICATION)
LETTERS = {
    "en-IN": "LATIN", "hi-IN": "DEVANAGARI", "ta-IN": "TAMIL", "te-IN": "TELUGU", "ml-IN": "MALAYALAM",
    "gu-IN": "GUJARATI", "mr-IN": "DEVANAGARI", "bn-IN": "BENGALI", "kn-IN": "KANNADA", "pa-IN": "GURMUKHI",
    "or-IN": "ORIYA",
}  # fmt: skip
FORBIDDEN: dict[str, list[list[str]]] = yaml.safe_load(
    (Path(__file__).parent / "forbidden_phrases.yaml").read_text(encoding="utf-8")
)
CALLBACK = {language: f"{words.clock.tomorrow} {words.clock.hours[4]}" for language, words in WORDS.items()}
HARMLESS = Values(customer_name="Asha Rao", lender_name="Asha Finance", callback_spoken="x")
FULL = {
    language: replace(
        values_for(
            language,
            customer_name="Asha Rao",
            lender_name="Asha Finance",
            loan_id="AF-004521",
            amount_paise=4_550_50,
            due_date=date(2026, 9, 5),
            today=date(2026, 9, 1),
        ),
        callback_spoken=CALLBACK[language],
    )
    for language in LANGUAGES
}

every_language = pytest.mark.parametrize("language", LANGUAGES)


def spoken(prompt: Prompt, language: str, values: Values | None = None) -> str:
    return " ".join(line.text for line in render(prompt, language, values or FULL[language]))


# --- what is said


@every_language
def test_every_template_can_be_said(language: str) -> None:
    for prompt in Prompt:
        text = spoken(prompt, language)
        assert text
        assert not set("{}<>") & set(text)
        assert len(text) < 2_500, "one request to the synthesiser"
        assert not re.search(r"[0-9₹/%&@]", text), "the synthesiser would read it as it likes"
        assert text == unicodedata.normalize("NFC", text)


@every_language
def test_words_of_the_templates_are_in_the_script_of_the_language(language: str) -> None:
    data = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    for name, text in data["templates"][language].items():
        letters = {c for c in re.sub(r"{\w+}", "", text) if unicodedata.category(c)[0] in "LM"}
        assert {c for c in letters if not unicodedata.name(c).startswith(LETTERS[language])} == set(), name


@every_language
@pytest.mark.parametrize("prompt", [Prompt.GREETING, Prompt.RING_BACK_GREETING])
def test_a_greeting_names_the_lender_then_tells_of_recording_and_only_then_asks_for_the_person(
    prompt: Prompt, language: str
) -> None:
    lines = render(prompt, language, HARMLESS)
    assert "Asha Finance" in " ".join(line.text for line in lines[:2])
    assert "Asha Rao" in lines[-1].text
    assert lines[-1].text.endswith("?")
    assert [line.personal for line in lines] == [False] * (len(lines) - 1) + [True]


@every_language
def test_the_details_are_all_told(language: str) -> None:
    values = FULL[language]
    text = spoken(Prompt.EMI_DETAILS_PART1, language)
    for value in (values.lender_name, values.loan_id_spoken, values.amount_spoken, values.due_date_spoken):
        assert value is not None
        assert value in text


# --- what is not said


@every_language
def test_no_word_of_debt_is_said_before_the_identity_is_confirmed(language: str) -> None:
    heard = {prompt: debt_words_in(spoken(prompt, language, HARMLESS), language) for prompt in BEFORE_VERIFICATION}
    assert {prompt: words for prompt, words in heard.items() if words} == {}


@every_language
@pytest.mark.parametrize("prompt", DETAILS)
def test_the_listener_for_words_of_debt_hears_the_details(prompt: Prompt, language: str) -> None:
    assert len(debt_words_in(spoken(prompt, language), language)) >= 3


@every_language
def test_a_loan_an_amount_and_a_rupee_are_words_of_debt_in_every_language(language: str) -> None:
    assert debt_words_in(FULL[language].amount_spoken or "", language)
    assert debt_words_in("aapka LOAN, sir", language) == {"loan"}
    assert debt_words_in("Your credit score.", language) == {"credit score"}
    assert debt_words_in("Mr. Dues-Loanwala, residue", language) == {"dues"}
    assert {"loan", "emi", "due"} <= DEBT_WORDS[language]


def forbidden_in(text: str, language: str) -> list[str]:
    padded = f" {text.casefold()}"
    return [words for row in FORBIDDEN[language] for words in row if f" {words}" in padded]


@every_language
def test_nothing_threatens_presses_or_sells(language: str) -> None:
    heard = {prompt: forbidden_in(spoken(prompt, language), language) for prompt in Prompt}
    assert {prompt: words for prompt, words in heard.items() if words} == {}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en-IN", "Otherwise legal action follows."),
        ("en-IN", "Your credit score has dropped."),
        ("hi-IN", "हम पुलिस को बताएँगे।"),
        ("ta-IN", "நீதிமன்றத்திற்கு செல்வோம்."),
        ("bn-IN", "আপনার জন্য নতুন লোন আছে।"),
    ],
)
def test_a_threat_and_an_offer_would_be_noticed(language: str, text: str) -> None:
    assert forbidden_in(unicodedata.normalize("NFC", text), language)


@every_language
def test_nobody_is_told_another_name_than_the_lender_s_on_an_unknown_call(language: str) -> None:
    assert not any(
        line.personal for line in render(Prompt.UNKNOWN_CALLER, language, Values(lender_name="Asha Finance"))
    )


def test_only_these_are_kept_for_after_the_identity_is_confirmed() -> None:
    assert {str(prompt) for prompt in AFTER_VERIFICATION} == {
        "EMI_DETAILS_PART1", "EMI_DETAILS_PART2", "AGENT_CONNECT", "ALREADY_PAID", "DISPUTE", "HARDSHIP"
    }  # fmt: skip


# --- sentences


@every_language
def test_lines_without_a_borrower_s_own_value_are_the_same_for_everybody(language: str) -> None:
    another = values_for(
        language,
        customer_name="Ravi Kumar",
        lender_name="Asha Finance",
        loan_id="777",
        amount_paise=1_00,
        due_date=date(2027, 1, 31),
        today=date(2026, 9, 1),
    )
    another = replace(another, callback_spoken=WORDS[language].clock.today)
    for prompt in Prompt:
        for one, other in zip(render(prompt, language, FULL[language]), render(prompt, language, another), strict=True):
            assert one.personal == other.personal
            assert (one.text == other.text) == (not one.personal)


def test_a_line_is_personal_exactly_when_it_holds_a_borrower_s_own_value() -> None:
    assert render(Prompt.WHO_IS_THIS, "en-IN", HARMLESS) == (
        Line("I am an automated assistant calling on behalf of Asha Finance.", personal=False),
        Line("For your privacy, I can share details only with Asha Rao.", personal=True),
    )
    assert {"customer_name", "loan_id_spoken", "amount_spoken", "due_date_spoken", "callback_spoken"} == PERSONAL


def test_a_full_stop_inside_a_value_ends_no_sentence() -> None:
    values = Values(customer_name="Dr. A. K. Rao", lender_name="Asha Finance Ltd. (India)")
    assert [line.text for line in render(Prompt.GREETING, "en-IN", values)] == [
        "Namaste. This is an automated call from Asha Finance Ltd. (India).",
        "This call is being recorded.",
        "Am I speaking with Dr. A. K. Rao?",
    ]


def test_a_short_sentence_stays_with_the_next_only_when_both_are_everybody_s() -> None:
    assert [line.text for line in render(Prompt.LANGUAGE_SWITCHED, "hi-IN", Values())] == [
        unicodedata.normalize("NFC", "ज़रूर। अब हम हिंदी में बात करेंगे।")
    ]
    first, *_ = render(Prompt.EMI_DETAILS_PART1, "hi-IN", FULL["hi-IN"])
    assert first.text.startswith("धन्यवाद। यह कॉल")
    assert not first.personal


@every_language
def test_lines_together_are_the_whole_template(language: str) -> None:
    texts = yaml.safe_load(FILE.read_text(encoding="utf-8"))["templates"][language]
    values = {name: getattr(FULL[language], name) for name in Values.__dataclass_fields__}
    for prompt in Prompt:
        assert spoken(prompt, language) == texts[prompt].format_map(values)


# --- values


def test_a_missing_value_is_refused_and_named() -> None:
    with pytest.raises(InvalidInput) as refused:
        render(Prompt.EMI_DETAILS_PART1, "ta-IN", HARMLESS)
    assert refused.value.field == "loan_id_spoken"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(InvalidInput):
        render(Prompt.GOODBYE, "od-IN", Values())


def test_values_are_made_in_the_language_of_the_call() -> None:
    assert replace(FULL["hi-IN"], callback_spoken=None) == Values(
        customer_name="Asha Rao",
        lender_name="Asha Finance",
        loan_id_spoken=unicodedata.normalize("NFC", "चार, पाँच, दो, एक"),
        amount_spoken=unicodedata.normalize("NFC", "चार हज़ार पाँच सौ पचास रुपये और पचास पैसे"),
        due_date_spoken="पाँच सितंबर",
    )


@settings(deadline=None)
@given(name=st.text(min_size=1, max_size=100), language=st.sampled_from(LANGUAGES))
def test_no_name_breaks_a_sentence_or_brings_another_value_in(name: str, language: str) -> None:
    try:
        values = values_for(
            language,
            customer_name=name + " {amount_spoken}",
            lender_name="Asha Finance",
            loan_id="4521",
            amount_paise=100_00,
            due_date=date(2026, 9, 5),
            today=date(2026, 9, 1),
        )
    except InvalidInput:
        return
    text = spoken(Prompt.GREETING, language, values)
    assert not set("{}<>&") & set(text)
    assert values.amount_spoken is not None
    assert values.amount_spoken not in text


# --- the file


def load(tmp_path: Path, change: Callable[[Any], None]) -> None:
    data = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    change(data)
    path = tmp_path / "templates.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    load_templates(
        path,
        prompts=frozenset(Prompt),
        placeholders=frozenset(Values.__dataclass_fields__),
        personal=PERSONAL,
    )


def text_set(language: str, prompt: str, text: str) -> Callable[[Any], None]:
    return lambda data: data["templates"][language].__setitem__(prompt, text)


FAULTS = [
    (lambda data: data["templates"].pop("kn-IN"), "kn-IN"),
    (lambda data: data["templates"].__setitem__("fr-FR", {}), "fr-FR"),
    (lambda data: data["templates"]["ta-IN"].pop("HOLD"), "ta-IN.*HOLD"),
    (lambda data: data["templates"]["ta-IN"].__setitem__("HELD", "x"), "ta-IN.*HELD"),
    (text_set("gu-IN", "GREETING", "નમસ્તે. {lender_name}"), "gu-IN GREETING.*customer_name"),
    (text_set("gu-IN", "GOODBYE", "આભાર {customer_name}."), "gu-IN GOODBYE.*customer_name"),
    (text_set("bn-IN", "HOLD", "{customer_nam}"), "bn-IN HOLD.*customer_nam"),
    (text_set("bn-IN", "IDENTITY_AGAIN", "{customer_name"), "bn-IN IDENTITY_AGAIN"),
    (text_set("bn-IN", "IDENTITY_AGAIN", "{customer_name!r}?"), "bn-IN IDENTITY_AGAIN"),
    (text_set("bn-IN", "IDENTITY_AGAIN", "{customer_name.__class__}?"), "bn-IN IDENTITY_AGAIN"),
    (text_set("ml-IN", "THIRD_PARTY", "ലോണിനെക്കുറിച്ച് വിളിക്കാം."), "ml-IN THIRD_PARTY.*debt"),
    (text_set("or-IN", "HOLD", "ଆପଣଙ୍କ EMI ପାଇଁ ରୁହନ୍ତୁ।"), "or-IN HOLD.*debt.*emi"),
    (lambda data: data["after_verification"].append("NOTHING"), "after_verification.*NOTHING"),
    (lambda data: data["after_verification"].remove("EMI_DETAILS_PART1"), "EMI_DETAILS_PART1.*debt"),
    (lambda data: data["placeholders"]["GREETING"].append("phone_number"), "phone_number"),
]


def test_the_file_itself_is_sound(tmp_path: Path) -> None:
    load(tmp_path, lambda data: None)


@pytest.mark.parametrize(("change", "named"), FAULTS)
def test_a_fault_in_the_file_stops_the_start_and_names_its_place(
    tmp_path: Path, change: Callable[[Any], None], named: str
) -> None:
    with pytest.raises(BadTemplates, match=named):
        load(tmp_path, change)
