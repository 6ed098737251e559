import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dialog.spoken.names import speakable_company, speakable_name
from voicekit.errors import InvalidInput

MARK_UP = set('<>{}[]()&"\\/|=;:%$#@*_`~^')


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("Asha Rao", "Asha Rao"),
        ("  asha   rani ", "Asha Rani"),
        ("RAMESH KUMAR", "Ramesh Kumar"),
        ("Mr. Ramesh Kumar", "Ramesh Kumar"),
        ("DR. A. K. RAO", "A K Rao"),
        ("A.K.Rao", "A K Rao"),
        ("KV PRASAD", "K V Prasad"),
        ("OM PRAKASH", "Om Prakash"),
        ("MRS SUNITA DEVI W/O RAMESH", "Sunita Devi"),
        ("Ramesh S/OSuresh", "Ramesh"),
        ("Ramesh son of Suresh", "Ramesh"),
        ("Smt. Lakshmi Bai C / O Hotel", "Lakshmi Bai"),
        ("Shri Md. Salim", "Salim"),
        ("M/S Gupta Traders", "Gupta Traders"),
        ("Ramesh @ Raju", "Ramesh"),
        ("Lakshmi Narayanan (Chennai)", "Lakshmi Narayanan"),
        ("D'SOUZA", "D'Souza"),
        ("Anne-Marie", "Anne-Marie"),
        ("G Ravi Teja garu", "G Ravi Teja"),
        ("Sri", "Sri"),
        ("श्री रमेश कुमार जी", "रमेश कुमार"),
        ("क्षितिज", "क्षितिज"),
        ("ലക്ഷ്മി", "ലക്ഷ്മി"),
        ("<speak>Asha</speak> {amount_spoken}", "Asha"),
        ("Asha<break time='9s'/>", "Asha"),
        ("Asha & Ravi", "Asha Ravi"),
        ("Asha\u202e\u0007Rao", "Asha Rao"),
        ("Ramesh 2", "Ramesh"),
    ],
)
def test_a_name_is_said_as_its_owner_is_addressed(raw: str, said: str) -> None:
    assert speakable_name(raw) == unicodedata.normalize("NFC", said)


@pytest.mark.parametrize("raw", ["", "   ", "12345", "S/O Ramesh", "{}", "...", "x" * 101, "-", "\u200d"])
def test_a_name_that_cannot_be_said_is_refused_without_being_told(raw: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        speakable_name(raw)
    assert refused.value.field == "customer_name"
    assert not raw.strip() or raw not in str(refused.value)


@settings(deadline=None)
@given(st.text(max_size=100))
def test_no_name_carries_mark_up_digits_or_full_stops(raw: str) -> None:
    try:
        said = speakable_name(raw)
    except InvalidInput:
        return
    assert not MARK_UP & set(said)
    assert not any(c.isdecimal() or c == "." or unicodedata.category(c) == "Cc" for c in said)
    assert said == " ".join(said.split())
    assert any(c.isalpha() for c in said)


@settings(deadline=None)
@given(st.text(alphabet="abcABC .'-/@{}<>()&", min_size=1, max_size=100))
def test_a_name_made_speakable_once_stays_as_it_is(raw: str) -> None:
    try:
        said = speakable_name(raw)
    except InvalidInput:
        return
    assert speakable_name(said) == said


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("Asha Finance", "Asha Finance"),
        ("Asha Finance Ltd.", "Asha Finance Ltd"),
        ("Asha Finance Pvt. Ltd.", "Asha Finance Pvt. Ltd"),
        ("Shah & Sons", "Shah and Sons"),
        ("<b>Asha</b> {lender_name} 24", "Asha 24"),
    ],
)
def test_a_company_keeps_its_own_way_of_writing(raw: str, said: str) -> None:
    assert speakable_company(raw) == said


@pytest.mark.parametrize("raw", ["", " . ", "&" * 101, "24"])
def test_a_company_without_a_name_is_refused(raw: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        speakable_company(raw)
    assert refused.value.field == "lender_name"
