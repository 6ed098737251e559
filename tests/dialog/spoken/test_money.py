import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dialog.spoken.money import LARGEST_PAISE, rupees
from services.dialog.spoken.numbers import cardinal
from services.dialog.spoken.tables import WORDS
from tests.dialog.spoken.place_values import read, unmelt
from voicekit.errors import InvalidInput
from voicekit.languages import LANGUAGES

GOLDEN = [
    ("en-IN", 4_550_00, "four thousand five hundred and fifty rupees"),
    ("en-IN", 4_550_50, "four thousand five hundred and fifty rupees and fifty paise"),
    ("en-IN", 1_00, "one rupee"),
    ("en-IN", 1_01, "one rupee and one paisa"),
    ("en-IN", 1, "one paisa"),
    ("hi-IN", 4_550_00, "चार हज़ार पाँच सौ पचास रुपये"),
    ("hi-IN", 1_00, "एक रुपया"),
    ("hi-IN", 99, "निन्यानवे पैसे"),
    ("mr-IN", 100_00, "शंभर रुपये"),
    ("gu-IN", 1_00, "એક રૂપિયો"),
    ("gu-IN", 4_550_25, "ચાર હજાર પાંચસો પચાસ રૂપિયા અને પચ્ચીસ પૈસા"),
    ("bn-IN", 4_550_00, "চার হাজার পাঁচশো পঞ্চাশ টাকা"),
    ("pa-IN", 1_00, "ਇੱਕ ਰੁਪਇਆ"),
    ("or-IN", 4_550_00, "ଚାରି ହଜାର ପାଞ୍ଚ ଶହ ପଚାଶ ଟଙ୍କା"),
    ("ta-IN", 4_550_00, "நான்காயிரத்து ஐநூற்று ஐம்பது ரூபாய்"),
    ("ta-IN", 1_00, "ஒரு ரூபாய்"),
    ("ta-IN", 21_00, "இருபத்து ஒரு ரூபாய்"),
    ("ta-IN", 11_00, "பதினோரு ரூபாய்"),
    ("te-IN", 4_550_00, "నాలుగు వేల ఐదు వందల యాభై రూపాయలు"),
    ("te-IN", 1_00, "ఒక రూపాయి"),
    ("te-IN", 2_000_00, "రెండు వేల రూపాయలు"),
    ("te-IN", 500_00, "ఐదు వందల రూపాయలు"),
    ("te-IN", 21_00, "ఇరవై ఒక్క రూపాయలు"),
    ("te-IN", 2_000_50, "రెండు వేల రూపాయల యాభై పైసలు"),
    ("kn-IN", 4_550_00, "ನಾಲ್ಕು ಸಾವಿರದ ಐನೂರ ಐವತ್ತು ರೂಪಾಯಿ"),
    ("kn-IN", 2_000_00, "ಎರಡು ಸಾವಿರ ರೂಪಾಯಿ"),
    ("ml-IN", 4_550_00, "നാലായിരത്തി അഞ്ഞൂറ്റി അമ്പത് രൂപ"),
    ("ml-IN", 1_00, "ഒരു രൂപ"),
]


def heard(said: str, language: str) -> int:
    """Return the paise that a listener makes of a spoken sum, read at its currency words."""
    money = WORDS[language].money
    tokens = said.split(" ")
    total: int = 0
    number: list[str] = []
    for token in tokens:
        whole = token in {money.rupees, money.rupees_joined, money.one_rupee.split()[-1]}
        part = token in {money.paise, money.one_paisa.split()[-1]}
        if whole or part:
            total += counted(number, language) * (100 if whole else 1)
            number = []
        elif number or token != money.joiner:
            number.append(token)
    assert not number, "words after the currency"
    return total


def counted(words: list[str], language: str) -> int:
    before_noun = WORDS[language].numerals.before_noun
    standalone = {short: full for full, short in before_noun.items()} | {"ఒక": "ఒకటి"}
    if language == "ml-IN" and words == ["ഒരു"]:
        return 1
    last = standalone.get(words[-1], words[-1])
    return read(unmelt(" ".join((*words[:-1], last)), language), language)


@pytest.mark.parametrize(("language", "paise", "said"), GOLDEN)
def test_sums_are_said_as_a_speaker_of_the_language_says_them(language: str, paise: int, said: str) -> None:
    assert rupees(paise, language) == unicodedata.normalize("NFC", said)


@settings(deadline=None)
@given(paise=st.integers(1, LARGEST_PAISE), language=st.sampled_from(LANGUAGES))
def test_any_sum_is_understood_as_itself(paise: int, language: str) -> None:
    assert heard(rupees(paise, language), language) == paise


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sum_below_a_hundred_rupees_is_understood_as_itself(language: str) -> None:
    assert [paise for paise in range(1, 100_00, 7) if heard(rupees(paise, language), language) != paise] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_paise_are_said_only_when_there_are_any(language: str) -> None:
    paise = WORDS[language].money.paise
    assert paise not in rupees(4_550_00, language)
    assert rupees(4_550_50, language).endswith(f"{cardinal(50, language)} {paise}")


@pytest.mark.parametrize("paise", [0, -100, LARGEST_PAISE + 1])
def test_a_sum_out_of_range_is_refused_without_being_told(paise: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        rupees(paise, "en-IN")
    assert refused.value.field == "paise"
    assert str(abs(paise)) not in str(refused.value) or paise == 0
