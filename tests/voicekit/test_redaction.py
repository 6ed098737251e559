import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dialog.spoken.tables import WORDS
from voicekit.redaction import redact


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("my card is 4111 1111 1111 1111 cvv 123", "my card is [hidden] cvv [hidden]"),
        ("card 4111-1111-1111-1111.", "card [hidden]."),
        ("5500005555555559", "[hidden]"),
        ("OTP is 482910 okay", "OTP is [hidden] okay"),
        ("mera pin 4 5 6 7 hai", "mera pin [hidden] hai"),
        ("ओटीपी ४८२९१० है", "ओटीपी [hidden] है"),
        ("४१११ ११११ ११११ ११११", "[hidden]"),
        ("OTP 4829 and then OTP 1234", "OTP [hidden] and then OTP [hidden]"),
        ("482910 is my OTP", "[hidden] is my OTP"),
        ("password is 99887", "password is [hidden]"),
        ("OTP वन टू थ्री फोर", "OTP [hidden]"),
        ("otp double four two nine one zero.", "otp [hidden]"),
        ("otp double 4 29 10", "otp [hidden]"),
        ("mera pin ek do teen char hai", "mera pin [hidden] hai"),
        ("four one one one one one one one one one one one one one one one", "[hidden]"),
        ("my aadhaar is 1234 5678 9012", "my aadhaar is [hidden]"),
        ("आधार नंबर ९९९९ ८८८८ ७७७७", "आधार नंबर [hidden]"),
        ("2341 2341 2346", "[hidden]"),  # passes the check of Aadhaar
    ],
)
def test_card_numbers_and_codes_are_taken_out(said: str, kept: str) -> None:
    assert redact(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "call me at 5",
        "kal subah 10 baje",
        "4111 1111 1111 1112",  # fails the Luhn check
        "loan 204521",
        "",
        "पाँच तारीख को",
        "shopping 4550 rupees",
        "I paid 4550, give me the OTP",
        "otp bolo do na",
        "double four",
        "2341 2341 2347",
        "919999900012",  # a telephone number
        "९९९९९०००१२ पर फ़ोन करना",
    ],
)
def test_other_words_stay_as_they_are(said: str) -> None:
    assert redact(said) == said


@pytest.mark.parametrize("language", sorted(WORDS))
@pytest.mark.parametrize("name", ["OTP", "PIN"])
def test_a_code_spoken_digit_by_digit_is_taken_out_in_every_language(name: str, language: str) -> None:
    digits = WORDS[language].numerals.below_hundred[:10]
    for first in range(7):
        said = " ".join(digits[first : first + 4])
        assert redact(f"{name}: {said}.") == f"{name}: [hidden]"


NATIVE = {"ASCII": 0x30, "Devanagari": 0x966, "Bengali": 0x9E6, "Gurmukhi": 0xA66, "Gujarati": 0xAE6, "Odia": 0xB66}
NATIVE |= {"Tamil": 0xBE6, "Telugu": 0xC66, "Kannada": 0xCE6, "Malayalam": 0xD66}


@given(
    script=st.sampled_from(sorted(NATIVE)),
    digits=st.lists(st.integers(0, 9), min_size=12, max_size=18),
    seed=st.integers(0, 1 << 16),
    before=st.text("abc हाँ ", max_size=8),
)
def test_a_card_in_any_script_and_any_grouping_is_taken_out(
    script: str, digits: list[int], seed: int, before: str
) -> None:
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[::-2])
    number = [*digits, -(doubled + sum(digits[-2::-2])) % 10]
    grouping = random.Random(seed)
    said = "".join(chr(NATIVE[script] + digit) + grouping.choice(["", "", " ", "-", ", "]) for digit in number)
    assert redact(f"{before} {said.strip(' ,-')} end") == f"{before} [hidden] end"


@given(st.text())
def test_what_holds_no_digit_stays_as_it_is_unless_it_is_spoken(text: str) -> None:
    kept = redact(text)
    assert kept == text or "[hidden]" in kept
    assert redact(kept) == kept
