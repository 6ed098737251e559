"""What came of a demo call, and whether it is what should have come of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from local.cases import Case, Expected
from services.dialog.debt_words import debt_words_in
from voice.customers import v1 as pb


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case after its call."""

    case: Case
    record: pb.GetCallResponse | None
    """The call on record; None when there is none."""
    problems: tuple[str, ...]
    """What is not as it should be; empty when all is well."""

    @property
    def as_expected(self) -> bool:
        """Whether the call came out as it should."""
        return not self.problems


def status_name(status: "pb.CallStatus.ValueType") -> str:
    """Return a status as users know it, such as "not_picked"."""
    return pb.CallStatus.Name(status).removeprefix("CALL_STATUS_").lower()


def judge(case: Case, record: pb.GetCallResponse | None, findings: Iterable[str]) -> Outcome:
    """Compare what is on record with what was expected; `findings` are breaches of the carrier's protocol."""
    if record is None:
        return Outcome(case, None, ("there is no call on record",))
    problems = [
        *_compare(case.expected, record),
        *_always(record),
        *(f"on the wire: {finding}" for finding in findings),
    ]
    return Outcome(case, record, tuple(problems))


def _compare(expected: Expected, record: pb.GetCallResponse) -> list[str]:
    call, turns = record.call, record.turns
    seen = {
        "status": status_name(call.status),
        "reason": call.reason,
        "language": call.language_used,
        "verified": call.verified,
        "disposition": call.disposition,
        "interrupted": any(turn.interrupted for turn in turns),
        "heard_debt": any(_debt_words(turn) for turn in turns),
    }
    wanted = {name: getattr(expected, name) for name in seen}
    return [
        f"{name} is {seen[name]!r}, not {value!r}"
        for name, value in wanted.items()
        if value is not None and value != seen[name]
    ]


def _always(record: pb.GetCallResponse) -> list[str]:
    """Check what must be true of every call."""
    problems = []
    finals = [pb.CALL_STATUS_COMPLETED, pb.CALL_STATUS_FAILED, pb.CALL_STATUS_NOT_PICKED]
    applied = [update for update in record.history if update.applied and update.status in finals]
    if len(applied) != 1:
        problems.append(f"{len(applied)} final statuses were applied, not one")
    if not record.call.verified and (words := _words_of_debt(record.turns)):
        problems.append(f"words of debt before the borrower was known: {', '.join(sorted(words))}")
    return problems


def _debt_words(turn: pb.CallTurn) -> frozenset[str]:
    return debt_words_in(turn.text, turn.language) if turn.speaker == pb.SPEAKER_BOT else frozenset()


def _words_of_debt(turns: Sequence[pb.CallTurn]) -> set[str]:
    return {word for turn in turns for word in _debt_words(turn)}
