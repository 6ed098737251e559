from dataclasses import replace

import pytest

from services.dialog.conversation import HEARD_ENOUGH_S, Rules
from services.dialog.intents import Intent
from services.dialog.reading import read
from services.dialog.turns import Answer, Brief, DecidedBy, Heard, Next, Played
from tests.dialog.talk import BRIEF, Talk, conversation, whole


def verified(pause_at: str = "") -> Talk:
    talk = Talk(conversation(), pause_at=pause_at)
    talk.says("YES")
    return talk


# The common path


def test_a_borrower_hears_the_details_and_is_put_through() -> None:
    talk = Talk(conversation())
    assert talk.states == ["INITIAL_GREETING", "WAITING_FOR_LANG_DETECT"]
    assert talk.says("YES") == "ASKING_AGENT_CONNECT"
    assert talk.says("YES") == "TRANSFERRING_TO_AGENT"
    assert talk.states[2:] == [
        "PLAYING_EMI_PART1",
        "PLAYING_EMI_PART2",
        "ASKING_AGENT_CONNECT",
        "TRANSFERRING_TO_AGENT",
    ]
    assert talk.now.next is Next.TRANSFER
    assert talk.now.facts.verified
    assert talk.now.facts.disposition == "XFER_OK"


def test_a_borrower_who_wants_no_agent_hears_a_goodbye() -> None:
    talk = verified()
    assert talk.now.facts.disposition == "RPC_INFO"
    assert talk.says("NO") == "GOODBYE_DECLINE"
    assert talk.now.next is Next.HANG_UP
    assert not talk.now.interruptible
    assert talk.hangs_up().facts.disposition == "RPC_INFO"


def test_the_notice_is_said_before_the_question_and_cannot_be_cut_off() -> None:
    talk = Talk(conversation(), pause_at="INITIAL_GREETING")
    notice = talk.now
    assert [line.text for line in notice.lines] == [
        "Namaste. This is an automated call from Asha Finance.",
        "This call is being recorded.",
    ]
    assert not notice.interruptible
    assert notice.next is Next.CONTINUE
    talk.listens()
    assert [line.text for line in talk.now.lines] == ["Am I speaking with Kamala Devi?"]
    assert talk.now.interruptible
    assert talk.now.detect_language
    assert talk.now.answer is Answer.OPEN
    assert 5 <= talk.now.listen_for_s <= 6


def test_turns_are_numbered_from_one_without_gaps() -> None:
    talk = verified()
    talk.says("UNCLEAR")
    talk.is_decided(Intent.UNCLEAR)
    assert [turn.number for turn in talk.turns] == list(range(1, len(talk.turns) + 1))


def test_a_turn_tells_how_the_words_were_understood() -> None:
    talk = Talk(conversation())
    talk.says("YES")
    part1 = talk.turns[2]
    assert part1.understanding is not None
    assert (part1.understanding.intent, part1.understanding.decided_by) == ("yes", DecidedBy.LEXICON)
    assert talk.turns[3].understanding is None


# The right person first


@pytest.mark.parametrize("answer", sorted(set(Intent) - {Intent.YES, Intent.UNCLEAR}))
def test_no_other_answer_than_yes_opens_the_details(answer: Intent) -> None:
    talk = Talk(conversation())
    talk.says(answer)
    assert not talk.now.facts.verified


def test_tell_me_is_asked_back_and_still_no_yes() -> None:
    talk = Talk(conversation())
    assert talk.says("GO_AHEAD") == "CONFIRMING_IDENTITY"
    assert talk.words[-1] == "Sorry, am I speaking with Kamala Devi?"
    assert talk.says("GO_AHEAD") == "CONFIRMING_IDENTITY"
    assert not talk.now.facts.verified
    assert talk.says("YES") == "ASKING_AGENT_CONNECT"


def test_an_ok_is_no_firm_yes_to_who_is_there() -> None:
    talk = Talk(conversation(read=read))
    assert talk.says("ok") == "CONFIRMING_IDENTITY"
    assert talk.says("yes speaking") == "ASKING_AGENT_CONNECT"
    assert talk.says("ok") == "TRANSFERRING_TO_AGENT"


def test_a_mere_ji_is_not_enough_even_where_tell_me_is() -> None:
    talk = Talk(conversation(language="hi-IN", read=read, rules=Rules(accept_go_ahead=True)))
    assert talk.says("जी") == "CONFIRMING_IDENTITY"
    assert talk.says("बोलिए") == "ASKING_AGENT_CONNECT"


def test_a_lender_may_take_tell_me_for_a_yes() -> None:
    talk = Talk(conversation(rules=Rules(accept_go_ahead=True)))
    assert talk.says("GO_AHEAD") == "ASKING_AGENT_CONNECT"


def test_a_yes_said_over_the_notice_opens_nothing() -> None:
    talk = Talk(conversation(), pause_at="INITIAL_GREETING")
    assert talk.says("YES") == "INITIAL_GREETING"
    talk.listens()
    assert talk.state == "WAITING_FOR_LANG_DETECT"
    assert not talk.now.facts.verified


def test_a_yes_that_comes_before_the_question_was_heard_opens_nothing() -> None:
    talk = Talk(conversation(), pause_at="WAITING_FOR_LANG_DETECT")
    talk.conversation.played(Played(talk.now.number, heard_s=HEARD_ENOUGH_S - 0.1, lines_heard=0, interrupted=True))
    assert talk.says("YES") == "WAITING_FOR_LANG_DETECT"
    assert [line.text for line in talk.now.lines] == ["Am I speaking with Kamala Devi?"]
    assert not talk.now.facts.verified


def test_a_yes_over_the_end_of_the_question_counts() -> None:
    talk = Talk(conversation(), pause_at="WAITING_FOR_LANG_DETECT")
    talk.conversation.played(Played(talk.now.number, heard_s=1.4, lines_heard=0, interrupted=True))
    assert talk.says("YES") == "ASKING_AGENT_CONNECT"


def test_a_yes_over_a_repeated_notice_opens_nothing() -> None:
    talk = Talk(conversation())
    talk.pause_at = "WAITING_FOR_LANG_DETECT"
    talk.says("REPEAT")
    assert len(talk.now.lines) == 3
    talk.cuts_off(lines_heard=1, heard_s=4.0)
    assert talk.says("YES") == "WAITING_FOR_LANG_DETECT"
    assert not talk.now.facts.verified


@pytest.mark.parametrize("answer", ["YES", "NO", "GO_AHEAD", "HELLO", "gibberish", "REPEAT"])
def test_a_word_over_the_end_of_the_details_is_no_answer_to_the_offer_that_follows(answer: str) -> None:
    talk = verified(pause_at="ASKING_AGENT_CONNECT")
    offer = talk.now.lines
    assert talk.says(answer) == "ASKING_AGENT_CONNECT"
    assert talk.doubt is None
    assert talk.now.lines == offer
    talk.listens()
    assert talk.says("YES") == "TRANSFERRING_TO_AGENT"


def test_an_agent_is_had_before_the_offer_is_heard() -> None:
    talk = verified(pause_at="ASKING_AGENT_CONNECT")
    assert talk.says("AGENT") == "TRANSFERRING_TO_AGENT"


def test_who_always_speaks_too_early_is_not_asked_for_ever() -> None:
    talk = Talk(conversation(), pause_at="WAITING_FOR_LANG_DETECT")
    while not talk.ended:
        talk.says("YES")
    assert talk.state == "GOODBYE_UNCONFIRMED"
    assert len(talk.turns) < 12


def test_having_heard_the_question_once_is_not_having_heard_it_again() -> None:
    talk = Talk(conversation(language="kn-IN"))
    talk.pause_at = "WAITING_FOR_LANG_DETECT"
    talk.says("GO_AHEAD in ta-IN")
    assert talk.now.language == "ta-IN"
    assert talk.says("YES") == "WAITING_FOR_LANG_DETECT"
    assert not talk.now.facts.verified


def test_who_asks_who_calls_hears_the_lender_and_the_question() -> None:
    talk = Talk(conversation())
    assert talk.says("WHO_IS_THIS") == "WAITING_FOR_LANG_DETECT"
    assert talk.words[-3:] == [
        "I am an automated assistant calling on behalf of Asha Finance.",
        "For your privacy, I can share details only with Kamala Devi.",
        "Sorry, am I speaking with Kamala Devi?",
    ]
    assert talk.says("YES") == "ASKING_AGENT_CONNECT"


def test_whoever_comes_to_the_phone_after_a_wait_hears_the_greeting_first() -> None:
    talk = Talk(conversation())
    assert talk.says("WAIT") == "HOLDING_FOR_BORROWER"
    assert talk.now.listen_for_s == 30
    assert talk.now.lines == ()
    assert talk.says("YES") == "WAITING_FOR_LANG_DETECT"
    assert "This call is being recorded." in talk.words[-3:]
    assert talk.says("YES") == "ASKING_AGENT_CONNECT"


@pytest.mark.parametrize(
    ("claim", "asks_first", "then"),
    [
        ("ALREADY_PAID", "CONFIRMING_PAYER", "THANKING_FOR_PAYMENT"),
        ("DISPUTE", "CONFIRMING_DISPUTER", "NOTING_DISPUTE"),
        ("HARDSHIP", "CONFIRMING_HARDSHIP", "NOTING_HARDSHIP"),
    ],
)
def test_what_is_said_before_we_know_who_says_it_is_answered_once_we_know(
    claim: str, asks_first: str, then: str
) -> None:
    talk = Talk(conversation())
    assert talk.says(claim) == asks_first
    assert not talk.now.facts.verified
    assert talk.says("YES") == then
    assert "PLAYING_EMI_PART1" not in talk.states


@pytest.mark.parametrize(
    ("answer", "state", "disposition"),
    [
        ("NO", "THIRD_PARTY", "TPC"),
        ("NOT_HERE", "THIRD_PARTY", "TPC"),
        ("WRONG_NUMBER", "WRONG_PARTY", "WN"),
        ("OPT_OUT", "OPTING_OUT", "DNC"),
        ("DECEASED", "CONDOLING", "DECD"),
        ("RECORDING_OBJECTION", "RECORDING_REFUSED", "REC_OBJECT"),
        ("CALL_LATER", "CONFIRMING_CALLBACK", "CB"),
        ("ANNOUNCEMENT", "VOICEMAIL", "MACHINE"),
        ("AGENT", "TRANSFERRING_TO_AGENT", "XFER_OK"),
        ("DISTRESS", "TRANSFERRING_TO_AGENT", "VULN"),
    ],
)
def test_what_ends_a_call_before_we_know_who_is_there(answer: str, state: str, disposition: str) -> None:
    talk = Talk(conversation())
    assert talk.says(answer) == state
    assert talk.ended
    assert talk.now.facts.disposition == disposition
    assert not talk.now.facts.verified


def test_a_machine_hears_nothing_more() -> None:
    talk = Talk(conversation(), pause_at="INITIAL_GREETING")
    talk.says("ANNOUNCEMENT")
    assert talk.now.lines == ()
    assert talk.now.next is Next.HANG_UP


# After that


@pytest.mark.parametrize(
    ("answer", "state", "disposition"),
    [
        ("ALREADY_PAID", "THANKING_FOR_PAYMENT", "PAID"),
        ("DISPUTE", "NOTING_DISPUTE", "DISP"),
        ("HARDSHIP", "NOTING_HARDSHIP", "HARD"),
        ("CALL_LATER", "CONFIRMING_CALLBACK", "CB"),
        ("OPT_OUT", "OPTING_OUT", "DNC"),
        ("AGENT", "TRANSFERRING_TO_AGENT", "XFER_OK"),
    ],
)
@pytest.mark.parametrize("at", ["PLAYING_EMI_PART1", "PLAYING_EMI_PART2", "ASKING_AGENT_CONNECT"])
def test_a_verified_borrower_is_answered_in_the_details_and_after(
    at: str, answer: str, state: str, disposition: str
) -> None:
    talk = verified(pause_at=at)
    talk.cuts_off(lines_heard=1)
    assert talk.says(answer) == state
    assert talk.now.facts.disposition == disposition


def test_a_dispute_offers_an_agent_and_stays_a_dispute() -> None:
    talk = verified()
    talk.says("DISPUTE")
    assert talk.now.next is Next.LISTEN
    assert talk.says("YES") == "TRANSFERRING_TO_AGENT"
    assert talk.now.facts.disposition == "DISP"


def test_the_words_for_when_to_call_again_are_kept_without_card_numbers() -> None:
    talk = verified()
    talk.says("CALL_LATER kal shaam ko 4111 1111 1111 1111")
    assert talk.now.facts.callback_words == "CALL_LATER kal shaam ko [hidden]"
    assert talk.hangs_up().facts.callback_words


def test_a_ji_to_the_offer_of_an_agent_is_asked_back() -> None:
    talk = verified()
    assert talk.says("GO_AHEAD") == "WAITING_AGENT_RESPONSE"
    assert talk.now.next is Next.LISTEN


def test_outside_their_hours_agents_are_not_offered() -> None:
    talk = Talk(conversation(rules=Rules(agents_at_work=lambda: False)))
    assert talk.says("YES") == "GOODBYE_DECLINE"
    assert talk.now.facts.disposition == "RPC_INFO"


def test_outside_their_hours_who_asks_for_an_agent_is_called_back() -> None:
    talk = Talk(conversation(rules=Rules(agents_at_work=lambda: False)))
    assert talk.says("AGENT") == "AGENT_UNAVAILABLE"
    assert talk.now.next is Next.HANG_UP
    assert talk.now.facts.disposition == "XFER_FAIL"


def test_an_agent_asked_for_during_the_goodbye_is_still_had() -> None:
    talk = verified(pause_at="GOODBYE_DECLINE")
    talk.says("NO")
    assert talk.says("AGENT") == "TRANSFERRING_TO_AGENT"


def test_a_transfer_that_cannot_be_made_is_excused() -> None:
    talk = verified(pause_at="TRANSFERRING_TO_AGENT")
    talk.says("YES")
    assert talk.loses_audio() == "AGENT_UNAVAILABLE"
    assert talk.now.facts.disposition == "XFER_FAIL"


# Keys


def test_keys_answer_yes_and_no() -> None:
    talk = Talk(conversation())
    assert talk.presses("1") == "ASKING_AGENT_CONNECT"
    assert talk.presses("2") == "GOODBYE_DECLINE"


@pytest.mark.parametrize("key", ["0", "9"])
def test_a_key_calls_an_agent(key: str) -> None:
    assert Talk(conversation()).presses(key) == "TRANSFERRING_TO_AGENT"


@pytest.mark.parametrize("key", ["3", "*", "#", "", "11", "x"])
def test_a_key_that_means_nothing_is_asked_back(key: str) -> None:
    talk = Talk(conversation())
    assert talk.presses(key) == "WAITING_FOR_LANG_DETECT"
    assert talk.words[-1] == "Sorry, am I speaking with Kamala Devi?"


def test_a_key_that_cuts_off_the_details_lets_them_go_on() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    part1 = talk.now.lines
    talk.cuts_off(lines_heard=2)
    talk.presses("5")
    assert talk.now.lines == part1[2:]


def test_a_one_in_the_middle_of_the_details_means_nothing() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    assert talk.conversation.key_pressed("1") is None


# Silence, noise, hello


def test_silence_is_met_twice_and_then_the_call_ends() -> None:
    talk = Talk(conversation())
    for _ in range(2):
        talk.says_nothing()
        assert talk.words[-2:] == ["Hello, can you hear me?", "Sorry, am I speaking with Kamala Devi?"]
    assert talk.says_nothing() == "NO_INPUT_GOODBYE"
    assert talk.now.next is Next.HANG_UP
    assert talk.now.facts.disposition == "SILENT"


def test_a_word_between_two_silences_begins_the_count_again() -> None:
    talk = Talk(conversation())
    talk.says_nothing()
    talk.says_nothing()
    talk.says("HELLO")
    assert talk.says_nothing() == "WAITING_FOR_LANG_DETECT"


def test_hello_hello_replays_the_greeting() -> None:
    talk = Talk(conversation())
    talk.says("HELLO")
    assert talk.words[-3:] == talk.words[:3]


def test_repeat_at_the_offer_repeats_the_offer() -> None:
    talk = verified()
    offer = talk.now.lines
    talk.says("REPEAT")
    assert talk.now.lines == offer


@pytest.mark.parametrize("heard", [Heard(""), Heard("  "), Heard("", lost=True), Heard("YES", lost=True)])
def test_speech_without_words_is_asked_for_again(heard: Heard) -> None:
    talk = Talk(conversation())
    talk.hears(heard)
    assert talk.words[-3] == "Sorry, I could not hear that clearly."
    assert talk.doubt is None
    assert not talk.now.facts.verified


def test_who_never_answers_clearly_never_hears_the_details() -> None:
    talk = Talk(conversation())
    for _ in range(3):
        talk.hears(Heard(""))
    assert talk.state == "GOODBYE_UNCONFIRMED"
    assert "PLAYING_EMI_PART1" not in talk.states


def test_after_an_unclear_answer_the_recogniser_finds_out_the_language_again() -> None:
    talk = verified()
    assert not talk.now.detect_language
    talk.hears(Heard(""))
    assert talk.now.detect_language


# Interruptions


def test_a_mere_haan_over_the_details_lets_them_go_on_from_the_sentence_that_was_cut() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    part1 = talk.now.lines
    talk.cuts_off(lines_heard=2)
    assert talk.now.lines == ()
    assert talk.now.next is Next.LISTEN
    assert talk.now.answer is Answer.OPEN
    talk.says("YES")
    assert talk.now.lines == part1[2:]
    talk.listens()
    assert talk.state == "ASKING_AGENT_CONNECT"


def test_a_cough_over_the_details_lets_them_go_on() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    part1 = talk.now.lines
    talk.cuts_off(lines_heard=1)
    talk.says_nothing()
    assert talk.now.lines == part1[1:]


def test_what_was_cut_off_twice_goes_on_from_the_second_cut() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    part1 = talk.now.lines
    talk.cuts_off(lines_heard=1)
    talk.says("YES")
    talk.cuts_off(lines_heard=1)
    talk.says("YES")
    assert talk.now.lines == part1[2:]


def test_details_cut_off_after_their_last_word_are_not_said_again() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    talk.cuts_off(lines_heard=len(talk.now.lines))
    talk.says("YES")
    assert talk.states[-2:] == ["PLAYING_EMI_PART2", "ASKING_AGENT_CONNECT"]


def test_each_part_of_the_details_is_counted_for_itself() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    talk.cuts_off(lines_heard=2)
    talk.says("YES")
    talk.pause_at = "PLAYING_EMI_PART2"
    talk.listens()
    part2 = talk.now.lines
    talk.cuts_off(lines_heard=1)
    talk.says("YES")
    assert talk.now.lines == part2[1:]


def test_who_is_this_over_the_details_is_answered_before_they_go_on() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    part1 = talk.now.lines
    talk.cuts_off(lines_heard=1)
    talk.says("WHO_IS_THIS")
    assert talk.now.lines[2:] == part1[1:]
    talk.cuts_off(lines_heard=3)
    talk.says("YES")
    assert talk.now.lines == part1[2:]


def test_repeat_over_the_details_begins_them_again() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    part1 = talk.now.lines
    talk.cuts_off(lines_heard=3)
    talk.says("REPEAT")
    assert talk.now.lines == part1


def test_a_noisy_line_cannot_cut_the_details_off_for_ever() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    while talk.now.interruptible:
        talk.cuts_off(lines_heard=0)
        talk.says("YES")
    assert sum(turn.interruptible for turn in talk.turns if turn.state == "PLAYING_EMI_PART1") <= 4
    talk.listens()
    assert talk.state == "ASKING_AGENT_CONNECT"


def test_words_during_the_details_that_do_not_cut_them_off_change_nothing() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    assert talk.conversation.heard(Heard("YES")) is None


# What telephony tells late, twice, or not at all


def test_stale_and_unknown_turns_that_were_played_change_nothing() -> None:
    talk = verified()
    for number in (-1, 0, 1, 2, talk.now.number, talk.now.number + 1, 10**9):
        assert talk.conversation.played(Played(number, heard_s=1.0, lines_heard=1)) is None
    assert talk.says("NO") == "GOODBYE_DECLINE"


def test_the_details_follow_one_played_only_once() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    part1 = talk.now
    part2 = talk.conversation.played(whole(part1))
    assert part2 is not None
    assert talk.conversation.played(whole(part1)) is None


def test_silence_while_we_speak_changes_nothing() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    assert talk.conversation.no_input() is None


def test_a_turn_that_could_not_be_said_is_said_again_and_then_excused() -> None:
    talk = Talk(conversation(), pause_at="WAITING_FOR_LANG_DETECT")
    assert talk.loses_audio() == "WAITING_FOR_LANG_DETECT"
    assert talk.loses_audio() == "WAITING_FOR_LANG_DETECT"
    assert talk.loses_audio() == "TECHNICAL_GOODBYE"
    assert talk.now.next is Next.HANG_UP


def test_details_lost_on_the_way_go_on_from_the_sentence_that_was_lost() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    part1 = talk.now.lines
    talk.loses_audio(lines_heard=2)
    assert talk.now.lines == part1[2:]


# Language


def test_an_answer_in_another_language_replays_the_greeting_in_it() -> None:
    talk = Talk(conversation(language="kn-IN"))
    talk.says("YES in ta-IN")
    assert talk.states == ["INITIAL_GREETING", "WAITING_FOR_LANG_DETECT"] * 2
    assert talk.now.language == "ta-IN"
    assert not talk.now.facts.verified
    assert [(note.name, dict(note.details)) for note in talk.notes] == [
        ("LANGUAGE_DETECTED", {"language": "ta-IN", "reason": "script"}),
        ("LANGUAGE_SWITCH_DETECTED", {"from": "kn-IN", "to": "ta-IN", "reason": "script"}),
        ("GREETING_REPLAYED_NEW_LANG", {"language": "ta-IN"}),
    ]
    assert talk.turns[2].prepare
    assert talk.says("YES") == "ASKING_AGENT_CONNECT"
    assert {turn.language for turn in talk.turns[2:]} == {"ta-IN"}


def test_a_language_asked_for_is_promised_before_the_greeting_is_replayed() -> None:
    talk = Talk(conversation(language="hi-IN"))
    talk.says("want en-IN")
    assert talk.turns[2].lines[0].text == "Sure. I will continue in English."
    assert talk.turns[2].state == "INITIAL_GREETING"


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("WRONG_NUMBER in ta-IN", "WRONG_PARTY"),
        ("AGENT in ta-IN", "TRANSFERRING_TO_AGENT"),
        ("WAIT in ta-IN", "HOLDING_FOR_BORROWER"),
    ],
)
def test_what_ends_the_call_is_answered_at_once_in_the_new_language(answer: str, state: str) -> None:
    talk = Talk(conversation(language="kn-IN"))
    assert talk.says(answer) == state
    assert talk.now.language == "ta-IN"


def test_a_language_asked_for_later_repeats_the_last_prompt_in_it_and_keeps_who_is_there() -> None:
    talk = verified()
    talk.says("want hi-IN")
    assert talk.state == "ASKING_AGENT_CONNECT"
    assert talk.now.language == "hi-IN"
    assert talk.now.lines[0].text == "ज़रूर। अब हम हिंदी में बात करेंगे।"
    assert len(talk.now.lines) == 3
    assert talk.now.facts.verified


def test_the_language_is_changed_unasked_twice_at_most() -> None:
    talk = Talk(conversation(language="kn-IN"))
    talk.says("YES in ta-IN")
    talk.says("YES in te-IN")
    talk.says("NOT_HERE in ml-IN")
    assert talk.now.language == "te-IN"


def test_a_language_asked_for_counts_as_no_change_unasked() -> None:
    talk = Talk(conversation(language="kn-IN"))
    for language in ("ta-IN", "te-IN", "ml-IN"):
        talk.says(f"want {language}")
        assert talk.now.language == language


def test_another_language_wanted_but_not_named_is_the_fallback_of_the_state() -> None:
    talk = Talk(conversation(language="hi-IN", fallback="en-IN"))
    talk.says("want")
    assert talk.now.language == "en-IN"
    talk.says("want")
    assert talk.now.language == "hi-IN"


def test_a_language_that_we_lack_is_regretted_in_english_and_hindi_and_a_person_offered() -> None:
    talk = Talk(conversation(language="bn-IN"))
    talk.says("want as-IN")
    assert [(turn.state, turn.language) for turn in talk.turns[2:]] == [
        ("LANGUAGE_UNSUPPORTED", "en-IN"),
        ("LANGUAGE_UNSUPPORTED_HINDI", "hi-IN"),
    ]
    assert talk.now.facts.disposition == "LANG"
    assert talk.says("YES") == "TRANSFERRING_TO_AGENT"
    assert not talk.now.facts.verified


def test_who_then_settles_for_a_language_of_ours_is_greeted_in_it() -> None:
    talk = Talk(conversation(language="bn-IN"))
    talk.says("want as-IN")
    talk.says("want hi-IN")
    assert talk.states[-2:] == ["INITIAL_GREETING", "WAITING_FOR_LANG_DETECT"]
    assert talk.says("want as-IN") == "TRANSFERRING_TO_AGENT"


# Doubt


def test_doubtful_words_wait_for_a_verdict() -> None:
    talk = verified()
    talk.says("gibberish 4111111111111111")
    assert talk.doubt is not None
    assert talk.doubt.words == "gibberish [hidden]"
    assert talk.is_decided(Intent.YES) == "TRANSFERRING_TO_AGENT"
    assert talk.now.understanding is not None
    assert talk.now.understanding.decided_by is DecidedBy.MODEL


@pytest.mark.parametrize("lie", [Intent.YES, Intent.GO_AHEAD])
def test_no_model_can_tell_who_is_there(lie: Intent) -> None:
    talk = Talk(conversation(rules=Rules(accept_go_ahead=True)))
    for _ in range(4):
        if not talk.ended:
            talk.says("gibberish")
            talk.is_decided(lie)
    assert talk.ended
    assert "PLAYING_EMI_PART1" not in talk.states


def test_a_pause_is_filled_once_and_the_answer_waits_for_the_filler() -> None:
    talk = verified()
    talk.says("gibberish")
    assert talk.doubt is not None
    filler = talk.conversation.still_deciding(talk.doubt)
    assert filler is not None
    assert (filler.next, filler.interruptible, filler.number) == (Next.CONTINUE, False, talk.now.number + 1)
    assert [line.text for line in filler.lines] == ["One moment please."]
    assert talk.conversation.still_deciding(talk.doubt) is None
    assert talk.is_decided(Intent.NO) == "ASKING_AGENT_CONNECT"
    answer = talk.conversation.played(whole(filler))
    assert answer is not None
    assert (answer.state, answer.number) == ("GOODBYE_DECLINE", filler.number + 1)


def test_a_filler_that_ends_before_the_verdict_is_followed_by_it() -> None:
    talk = verified()
    talk.says("gibberish")
    assert talk.doubt is not None
    filler = talk.conversation.still_deciding(talk.doubt)
    assert filler is not None
    assert talk.conversation.played(whole(filler)) is None
    assert talk.is_decided(Intent.NO) == "GOODBYE_DECLINE"


def test_newer_words_make_a_verdict_stale() -> None:
    talk = verified()
    talk.says("gibberish")
    old = talk.doubt
    assert talk.says("NO") == "GOODBYE_DECLINE"
    talk.doubt = old
    assert talk.is_decided(Intent.YES) == "GOODBYE_DECLINE"


# Who rings us, and whom we do not know


def test_who_rings_back_is_thanked_and_asked_who_they_are() -> None:
    talk = Talk(conversation(replace(BRIEF, inbound=True)))
    assert talk.words[0] == "Namaste. Thank you for calling back."
    assert talk.state == "WAITING_FOR_LANG_DETECT"
    assert talk.says("YES") == "ASKING_AGENT_CONNECT"


NOBODY = replace(BRIEF, inbound=True, amount_paise=0, loan_id="", due_date="")


@pytest.mark.parametrize(
    "stranger",
    [replace(NOBODY, customer_id=0), replace(NOBODY, customer_name=""), replace(NOBODY, customer_name="  ")],
)
def test_somebody_unknown_hears_only_who_we_are(stranger: Brief) -> None:
    talk = Talk(conversation(stranger))
    assert talk.states == ["UNKNOWN_CALLER"]
    assert talk.now.next is Next.HANG_UP


# The end


@pytest.mark.parametrize(
    ("at", "disposition"),
    [
        ("WAITING_FOR_LANG_DETECT", "HANGUP_EARLY"),
        ("PLAYING_EMI_PART2", "RPC_PART"),
        ("ASKING_AGENT_CONNECT", "RPC_INFO"),
    ],
)
def test_what_a_call_came_to_when_the_borrower_hangs_up(at: str, disposition: str) -> None:
    talk = Talk(conversation(), pause_at=at)
    if at != "WAITING_FOR_LANG_DETECT":
        talk.says("YES")
    summary = talk.hangs_up()
    assert summary.facts.disposition == disposition
    assert summary.turns == talk.now.number


def test_a_call_that_was_lost_is_not_one_that_was_hung_up() -> None:
    assert Talk(conversation()).conversation.finish("telephony_lost").facts.disposition == ""


@pytest.mark.parametrize(
    ("reason", "disposition"), [("agent_transfer", "XFER_OK"), ("hung_up", "XFER_FAIL"), ("media_lost", "XFER_FAIL")]
)
def test_only_who_is_handed_over_was_handed_over(reason: str, disposition: str) -> None:
    talk = verified(pause_at="TRANSFERRING_TO_AGENT")
    talk.says("AGENT")
    assert talk.conversation.finish(reason).facts.disposition == disposition


def test_after_the_end_nothing_is_answered() -> None:
    talk = verified()
    talk.hangs_up()
    assert talk.conversation.heard(Heard("AGENT")) is None
    assert talk.conversation.no_input() is None
    assert talk.conversation.key_pressed("1") is None
