import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dialog.text import clauses, normalise, roman_key, tokens


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("हाँ", "हां"),
        ("हां", "हा"),
        ("नहीं", "नही"),
        ("हिन्दी", "हिंदी"),
        ("ज़रूर", "जरूर"),
        ("क\u093cलम", "\u0958लम"),
        ("ന്\u200d", "ൻ"),
        ("ఏజెంట్\u200cతో", "ఏజెంట్తో"),
        ("\ufeffok\u200b", "ok"),
        ("९८", "98"),
        ("௪௨", "42"),
        ("OK, Sir!", "ok sir"),
        ("don't", "don’t"),
        ("हाँ।", "हाँ"),
        ("ওড়িয়া", unicodedata.normalize("NFD", "ওড়িয়া")),
        ("ଠିକ୍ ଅଛି", "ଠିକ ଅଛି"),
        ("noooooo", "noo"),
    ],
)
def test_spellings_of_one_word_fold_to_one(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("yes", "no"),
    [("હા", "ના"), ("വേണം", "വേണ്ട"), ("வேணும்", "வேணாம்"), ("ಬೇಕು", "ಬೇಡ"), ("हाँ", "ना"), ("venum", "venam")],
)
def test_words_that_differ_in_meaning_stay_apart(yes: str, no: str) -> None:
    assert roman_key(normalise(yes)) != roman_key(normalise(no))


def test_vowel_signs_do_not_cut_words() -> None:
    assert tokens("नहीं चाहिए") == ["नहि", "चाहिए"]


def test_punctuation_parts_clauses() -> None:
    assert clauses("no no, tell me. ok?") == [["no", "no"], ["tell", "me"], ["ok"]]


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
