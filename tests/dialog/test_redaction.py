import pytest

from services.dialog.redaction import redact


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
    ],
)
def test_other_words_stay_as_they_are(said: str) -> None:
    assert redact(said) == said
