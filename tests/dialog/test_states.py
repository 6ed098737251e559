import pytest

from services.dialog import data
from services.dialog.states import (
    STATE_AMBIGUOUS,
    STATE_FUZZY,
    STATE_UNKNOWN,
    Greeting,
    get_initial_language_from_state,
)

STATES = data.load("states")["states"]
USERS_TABLE = {
    "Maharashtra": ("mr-IN", "hi-IN"),
    "Karnataka": ("kn-IN", "en-IN"),
    "Tamil Nadu": ("ta-IN", "en-IN"),
    "Kerala": ("ml-IN", "en-IN"),
    "Gujarat": ("gu-IN", "hi-IN"),
    "West Bengal": ("bn-IN", "hi-IN"),
    "Telangana": ("te-IN", "en-IN"),
    "Punjab": ("pa-IN", "hi-IN"),
    "Odisha": ("or-IN", "hi-IN"),
}


def test_there_are_twenty_eight_states_and_eight_union_territories() -> None:
    assert [sum(entry["type"] == kind for entry in STATES) for kind in ("state", "UT")] == [28, 8]


@pytest.mark.parametrize("entry", STATES, ids=[entry["name"] for entry in STATES])
def test_a_state_greets_in_the_language_of_the_users_table(entry: dict[str, str]) -> None:
    greeting = get_initial_language_from_state(entry["name"])
    assert (greeting.language, greeting.fallback) == USERS_TABLE.get(entry["name"], ("hi-IN", "en-IN"))
    assert (greeting.state, greeting.warning) == (entry["name"], None)


SPELLINGS = [
    (spelling, entry["name"])
    for entry in STATES
    for spelling in (
        *entry["aliases"],
        entry["iso"],
        *entry["older_iso"],
        entry["name"].upper(),
        entry["iso"][3:].lower(),
    )
]


@pytest.mark.parametrize(("spelling", "name"), SPELLINGS)
def test_every_alias_and_code_finds_its_state(spelling: str, name: str) -> None:
    assert get_initial_language_from_state(spelling).state == name
    assert get_initial_language_from_state(f"  {spelling.replace(' ', '')} ").state == name


@pytest.mark.parametrize(
    ("misspelt", "name"),
    [
        ("Andhra Pardesh", "Andhra Pradesh"),
        ("Utter Pardesh", "Uttar Pradesh"),
        ("Chhatishgarh", "Chhattisgarh"),
        ("Rajistan", "Rajasthan"),
        ("Maharashtrra", "Maharashtra"),
        ("Karnatakaa", "Karnataka"),
        ("Tamil Naduu", "Tamil Nadu"),
        ("West Bangal", "West Bengal"),
        ("Telanganna", "Telangana"),
        ("Himachel Pradesh", "Himachal Pradesh"),
    ],
)
def test_a_misspelt_state_is_found_with_a_warning(misspelt: str, name: str) -> None:
    greeting = get_initial_language_from_state(misspelt)
    assert (greeting.state, greeting.warning) == (name, STATE_FUZZY)


@pytest.mark.parametrize(
    "other",
    ["Manipal", "Bombay", "Hyderabad", "Malayalam", "Pune", "Pradesh", "Kerala India", "UT", "", " ", None, "??", "x"],
)
def test_what_is_no_state_greets_in_the_default_language(other: str | None) -> None:
    assert get_initial_language_from_state(other) == Greeting("hi-IN", "en-IN", None, STATE_UNKNOWN)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("ML", "Meghalaya"),
        ("OR", "Odisha"),
        ("AS", "Assam"),
        ("TS", "Telangana"),
        ("TG", "Telangana"),
        ("J&K", "Jammu and Kashmir"),
    ],
)
def test_two_letters_mean_what_the_standard_says(code: str, name: str) -> None:
    assert get_initial_language_from_state(code).state == name


def test_ch_is_chandigarh_with_a_warning_since_some_mean_chhattisgarh() -> None:
    greeting = get_initial_language_from_state("CH")
    assert (greeting.state, greeting.warning) == ("Chandigarh", STATE_AMBIGUOUS)


def test_overrides_change_the_marked_states_and_no_other() -> None:
    changed = {
        entry["name"]
        for entry in STATES
        if get_initial_language_from_state(entry["name"])
        != get_initial_language_from_state(entry["name"], overrides=True)
    }
    assert changed == {entry["name"] for entry in STATES if "override" in entry}
    assert get_initial_language_from_state("Andhra Pradesh", overrides=True).language == "te-IN"
