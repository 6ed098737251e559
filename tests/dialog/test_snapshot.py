from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dialog.scenes import SCENES, Disposition, Saying, State
from services.dialog.script import Script
from services.dialog.snapshot import MAX_BYTES, Memory, pack, unpack
from services.dialog.templates import AFTER_VERIFICATION
from services.dialog.turns import Next, Turn
from services.dialog.walk import Position
from tests.dialog.talk import BRIEF, TODAY, Talk, conversation

CALL = BRIEF.call_id


def memory(state: State = State.WAITING_FOR_LANG_DETECT) -> Memory:
    at = Position(state, verified=SCENES[state].private)
    return Memory("hi-IN", at, number=7)


@pytest.mark.parametrize("state", list(State))
def test_what_is_packed_is_unpacked(state: State) -> None:
    assert unpack(pack(memory(state), CALL), CALL) == memory(state)


def test_the_longest_snapshot_is_small_enough_to_travel() -> None:
    longest = replace(
        memory(State.LANGUAGE_UNSUPPORTED_HINDI),
        callback_words="ക" * 200,
        at=replace(memory().at, disposition=Disposition.HANGUP_EARLY),
    )
    assert len(pack(longest, "x" * 64)) < MAX_BYTES


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"x" * 5000,
        pack(memory(), "another call"),
        pack(memory(), CALL).replace(b'"v":1', b'"v":2'),
        pack(memory(), CALL).replace(b"hi-IN", b"xx-XX"),
        pack(memory(), CALL).replace(b"WAITING_FOR_LANG_DETECT", b"SOMEWHERE"),
        pack(memory(), CALL).replace(b'"number":7', b'"number":-7'),
        pack(memory(), CALL).replace(b'"number":7', b'"number":"7"'),
        pack(memory(), CALL).replace(b'"number":7', b'"number":7,"more":1'),
        pack(memory(State.PLAYING_EMI_PART1), CALL).replace(b'"verified":true', b'"verified":false'),
        pack(memory(), CALL).replace(b'"verified":false', b'"verified":1'),
    ],
)
def test_what_was_never_packed_for_this_call_is_forgotten(spoilt: bytes) -> None:
    assert unpack(spoilt, CALL) is None


@given(st.binary(max_size=300))
def test_noise_is_forgotten(noise: bytes) -> None:
    assert unpack(noise, CALL) is None


FIELDS = sorted(orjson.loads(pack(memory(), CALL)))
STRANGE = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text() | st.lists(st.integers(0, 9))


@given(st.dictionaries(st.sampled_from(FIELDS), STRANGE))
def test_a_snapshot_with_strange_values_never_fails(changes: dict[str, object]) -> None:
    spoilt = orjson.loads(pack(memory(), CALL)) | changes
    talk = Talk(conversation(), snapshot=orjson.dumps(spoilt))
    assert talk.turns


def reached(state: State) -> Turn:
    """Lead a call to a turn of `state`."""
    ways: dict[State, tuple[str, ...]] = {
        State.CONFIRMING_IDENTITY: ("GO_AHEAD",),
        State.CONFIRMING_PAYER: ("ALREADY_PAID",),
        State.CONFIRMING_DISPUTER: ("DISPUTE",),
        State.CONFIRMING_HARDSHIP: ("HARDSHIP",),
        State.HOLDING_FOR_BORROWER: ("WAIT",),
        State.LANGUAGE_UNSUPPORTED: ("want as-IN",),
        State.LANGUAGE_UNSUPPORTED_HINDI: ("want as-IN",),
        State.NOTING_DISPUTE: ("YES", "DISPUTE"),
        State.NOTING_HARDSHIP: ("YES", "HARDSHIP"),
        State.WAITING_AGENT_RESPONSE: ("YES", "GO_AHEAD"),
        State.TRANSFERRING_TO_AGENT: ("YES", "YES"),
        State.GOODBYE_DECLINE: ("YES", "NO"),
        State.THANKING_FOR_PAYMENT: ("YES", "ALREADY_PAID"),
    }
    talk = Talk(conversation(), pause_at=state)
    for answer in ways.get(state, ("YES",)):
        if talk.state != state:
            talk.says(answer)
    assert talk.state == state
    return talk.now


RESUMABLE = [
    State.INITIAL_GREETING,
    State.WAITING_FOR_LANG_DETECT,
    State.CONFIRMING_IDENTITY,
    State.CONFIRMING_PAYER,
    State.CONFIRMING_DISPUTER,
    State.CONFIRMING_HARDSHIP,
    State.LANGUAGE_UNSUPPORTED,
    State.LANGUAGE_UNSUPPORTED_HINDI,
    State.PLAYING_EMI_PART1,
    State.PLAYING_EMI_PART2,
    State.ASKING_AGENT_CONNECT,
    State.WAITING_AGENT_RESPONSE,
    State.NOTING_DISPUTE,
    State.NOTING_HARDSHIP,
    State.TRANSFERRING_TO_AGENT,
    State.GOODBYE_DECLINE,
    State.THANKING_FOR_PAYMENT,
]


@pytest.mark.parametrize("state", RESUMABLE)
def test_a_call_that_goes_on_elsewhere_repeats_its_last_prompt(state: State) -> None:
    lost = reached(state)
    resumed = conversation().begin(lost.snapshot)
    question = Script(BRIEF, TODAY).lines(lost.language, *SCENES[state].say)
    assert resumed.state == state
    assert resumed.lines == question
    assert resumed.next is lost.next
    assert resumed.number == lost.number + 1
    assert resumed.facts == lost.facts


def test_who_was_being_fetched_is_asked_for_again() -> None:
    lost = reached(State.HOLDING_FOR_BORROWER)
    resumed = conversation().begin(lost.snapshot)
    assert [line.text for line in resumed.lines] == ["Sorry, am I speaking with Kamala Devi?"]
    assert resumed.next is Next.LISTEN


def test_details_go_on_from_the_sentence_that_was_cut_off() -> None:
    talk = Talk(conversation(), pause_at=State.PLAYING_EMI_PART1)
    talk.says("YES")
    part1 = talk.now.lines
    talk.cuts_off(lines_heard=2)
    resumed = conversation().begin(talk.now.snapshot)
    assert resumed.lines == part1[2:]


def test_a_call_resumed_in_another_language_stays_in_it() -> None:
    talk = Talk(conversation(language="kn-IN"))
    talk.says("YES in ta-IN")
    assert conversation(language="kn-IN").begin(talk.now.snapshot).language == "ta-IN"


def test_a_lost_snapshot_begins_with_the_greeting_and_nobody_verified() -> None:
    talk = Talk(conversation())
    talk.says("YES")
    resumed = conversation().begin(talk.now.snapshot[:-1])
    assert resumed.state == "INITIAL_GREETING"
    assert not resumed.facts.verified


@pytest.mark.parametrize("state", [state for state in State if not SCENES[state].private])
def test_no_snapshot_of_an_unverified_call_leads_to_private_words(state: State) -> None:
    turn = conversation().begin(pack(Memory("en-IN", Position(state)), CALL))
    private = {line for prompt in AFTER_VERIFICATION for line in Script(BRIEF, TODAY).lines("en-IN", Saying(prompt))}
    assert not private & set(turn.lines)
