"""Calls at random, in real words of eleven languages, with a network and a model that mean us ill."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.dialog import data
from services.dialog.conversation import FIRM, WILLING, Conversation, Rules
from services.dialog.debt_words import debt_words_in
from services.dialog.deciding import CHOICES, believe
from services.dialog.intents import Intent
from services.dialog.ports import Doubt, Opinion
from services.dialog.reading import read
from services.dialog.scenes import Saying
from services.dialog.script import Script
from services.dialog.snapshot import MAX_BYTES
from services.dialog.templates import AFTER_VERIFICATION
from services.dialog.turns import Heard, Next, Played, Turn
from tests.dialog.talk import BRIEF, TODAY, conversation
from tests.dialog.test_flow import MAX_TURNS
from tests.dialog.test_identity_gate import WORDS
from voicekit.languages import LANGUAGES

PHRASES: dict[str, dict[str, list[str]]] = {
    language: {meaning: [words for forms in kinds.values() for words in forms] for meaning, kinds in listed.items()}
    for language, listed in data.load("phrases")["phrases"].items()
}
PRIVATE = {
    language: {
        line.text for prompt in AFTER_VERIFICATION for line in Script(BRIEF, TODAY).lines(language, Saying(prompt))
    }
    for language in LANGUAGES
}

phrase = st.sampled_from(LANGUAGES).flatmap(
    lambda language: st.sampled_from(sorted(PHRASES[language])).flatmap(
        lambda meaning: st.builds(
            Heard,
            st.sampled_from(PHRASES[language][meaning]),
            st.sampled_from(["", language, "hi-IN", "xx"]),
            st.sampled_from([0.0, 0.4, 0.95]),
        )
    )
)
muddled = st.builds(
    lambda heard, stranger: replace(heard, text=f"{heard.text} {stranger} {stranger}"),
    phrase,
    st.sampled_from([unknown for unknown, _ in WORDS.values()]),
)
noise = st.builds(Heard, st.text(max_size=40) | st.sampled_from(["", "hmm", "…", "हम्म", "அது வந்து", "{}", "\x00"]))
lost = st.builds(Heard, st.just("yes"), lost=st.just(True))

Act = Callable[["Caller"], Turn | None]


class Caller:
    """The other side of a call, which does as it likes; it holds every turn to what must be true of all of them."""

    def __init__(self, talk: Conversation, sure: float = FIRM) -> None:
        self.talk, self.sure = talk, sure
        self.turns: list[Turn] = []
        self.fillers = 0
        self.doubt: Doubt | None = None
        self.take(talk.begin())

    @property
    def now(self) -> Turn:
        return self.turns[-1]

    @property
    def over(self) -> bool:
        return self.now.next in (Next.HANG_UP, Next.TRANSFER)

    def take(self, turn: Turn | None) -> Turn | None:
        if turn is not None:
            assert turn.number == len(self.turns) + 1
            assert 0 < len(turn.snapshot) < MAX_BYTES
            assert (turn.listen_for_s > 0) == (turn.next is Next.LISTEN)
            assert turn.lines or turn.next in (Next.LISTEN, Next.HANG_UP)
            assert not turn.interruptible or turn.lines
            if turn.facts.verified and not (self.turns and self.now.facts.verified):
                told = turn.understanding
                assert told and told.intent == "yes" and told.confidence >= self.sure, turn.state
            if not turn.facts.verified:
                for line in turn.lines:
                    assert line.text not in PRIVATE[turn.language], turn.state
                    assert not debt_words_in(line.text, turn.language), turn.state
            self.turns.append(turn)
        return turn

    def hears(self, heard: Heard) -> None:
        answer = self.talk.heard(heard)
        if isinstance(answer, Doubt):
            self.doubt = answer
        else:
            self.take(answer)

    def thinks(self, opinion: Opinion, *, slowly: bool) -> None:
        if self.doubt is not None:
            if slowly and (filler := self.take(self.talk.still_deciding(self.doubt))):
                self.fillers += 1
                self.take(self.talk.played(Played(filler.number, 1.0, len(filler.lines))))
            self.take(self.talk.decided(self.doubt, believe(opinion, self.doubt)))
            self.doubt = None

    def plays(self, part: float, *, cut: bool, failed: bool) -> None:
        lines = int(part * len(self.now.lines)) if cut or failed else len(self.now.lines)
        self.take(self.talk.played(Played(self.now.number, part * 5, lines, cut, failed)))


opinions = st.builds(Opinion, st.sampled_from(CHOICES), st.sampled_from(["high", "high", "medium", "low"]))
acts = st.one_of(
    st.tuples(st.just("hear"), phrase | phrase | muddled | noise | lost),
    st.tuples(st.just("key"), st.sampled_from("123456789*0#")),
    st.tuples(st.just("silence"), st.none()),
    st.tuples(st.just("play"), st.tuples(st.floats(0, 1), st.sampled_from(["", "", "", "cut", "failed"]))),
    st.tuples(st.just("think"), st.tuples(opinions, st.booleans())),
)


def do(caller: Caller, act: tuple[str, object]) -> None:
    match act:
        case "hear", Heard() as heard:
            caller.hears(heard)
        case "key", str() as key:
            caller.take(caller.talk.key_pressed(key))
        case "silence", _:
            caller.take(caller.talk.no_input())
        case "play", (float() as part, str() as how):
            caller.plays(part, cut=how == "cut", failed=how == "failed")
        case "think", (Opinion() as opinion, bool() as slowly):
            caller.thinks(opinion, slowly=slowly)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(LANGUAGES), st.booleans(), st.booleans(), st.sampled_from([0, 1, 2]), st.lists(acts, max_size=60)
)
def test_whatever_happens_no_debt_is_heard_before_the_borrower_says_who_they_are(
    language: str, inbound: bool, accept: bool, heard_first: int, script: list[tuple[str, object]]
) -> None:
    brief = replace(BRIEF, inbound=inbound)
    talk = conversation(brief, language, read=read, rules=Rules(accept_go_ahead=accept))
    caller = Caller(talk, WILLING if accept else FIRM)
    for _ in range(heard_first):
        caller.plays(1.0, cut=False, failed=False)
    for act in script:
        do(caller, act)
    assert len(caller.turns) - caller.fillers <= MAX_TURNS


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(LANGUAGES), st.lists(acts, max_size=30))
def test_from_wherever_a_call_has_come_it_ends_when_the_borrower_says_nothing_more(
    language: str, script: list[tuple[str, object]]
) -> None:
    caller = Caller(conversation(language=language, read=read))
    for act in script:
        if not caller.over:
            do(caller, act)
    for _ in range(30):
        if not caller.over:
            caller.thinks(Opinion(Intent.UNCLEAR, "high"), slowly=False)
            caller.plays(1.0, cut=False, failed=False)
            caller.take(caller.talk.no_input())
    assert caller.over


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(LANGUAGES),
    st.lists(noise | phrase.filter(lambda heard: not heard.text.isascii()), min_size=1, max_size=20),
)
def test_a_model_that_always_says_yes_tells_nobody_anything(language: str, said: list[Heard]) -> None:
    caller = Caller(conversation(language=language, read=read))
    for _ in range(2):
        caller.plays(1.0, cut=False, failed=False)
    for heard in said:
        before = caller.now.facts.verified
        caller.hears(heard)
        in_doubt = caller.doubt is not None
        caller.thinks(Opinion(Intent.YES, "high"), slowly=False)
        assert caller.now.facts.verified == before or not in_doubt
        caller.plays(1.0, cut=False, failed=False)


NO_YES = ("no", "wrong", "dispute", "later", "who", "wait", "repeat", "agent", "paid", "optout", "hardship", "lang")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("meaning", NO_YES)
def test_nothing_that_is_no_yes_passes_for_one(language: str, meaning: str) -> None:
    for words in PHRASES[language][meaning]:
        talk = conversation(language=language, read=read)
        caller = Caller(talk)
        caller.plays(1.0, cut=False, failed=False)
        caller.plays(1.0, cut=False, failed=False)
        caller.hears(Heard(words))
        caller.thinks(Opinion(Intent.YES, "high"), slowly=False)
        assert not caller.now.facts.verified, words


@given(st.builds(Heard, st.text(), st.text(max_size=8), st.floats(), st.booleans()), st.text(), st.integers())
def test_nothing_strange_makes_it_fail(heard: Heard, key: str, number: int) -> None:
    caller = Caller(conversation(read=read))
    caller.plays(1.0, cut=False, failed=False)
    caller.hears(heard)
    caller.take(caller.talk.key_pressed(key))
    caller.take(caller.talk.played(Played(number, float("nan"), number, interrupted=True, failed=True)))
    assert caller.talk.finish(key).turns == len(caller.turns)
