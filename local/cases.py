"""The demo's borrowers: read from `cases.yaml`, as a file to upload, as personas, as what must come of each call."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import yaml

from emulators.voices import CALLER_VOICE

CASES_FILE: Final = Path(__file__).with_name("cases.yaml")
CHECKED: Final = ("हाँ जी, बोल रहा हूँ", "hi-IN")
"""What `local.check audio` says to our speech service, and its language."""
EXAMPLES: Final = range(101, 166)
"""The last digits of the numbers in the dashboard's example files: they behave like the cases, again and again."""
COLUMNS: Final = ("name", "phone_number", "state", "loan_id", "amount", "due_date")


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come of a call; None is anything."""

    status: str
    reason: str | None = None
    language: str | None = None
    verified: bool | None = None
    disposition: str | None = None
    interrupted: bool | None = None
    """Whether the borrower cut one of our lines off."""
    heard_debt: bool | None = None
    """Whether a word about a loan was spoken."""


@dataclass(frozen=True, slots=True)
class Case:
    """One borrower of the demo."""

    key: str
    title: str
    borrower: Mapping[str, str]
    """A row of the file, by column."""
    persona: Mapping[str, Any]
    """How the phone and its owner behave, as the emulator's personas file says it."""
    expected: Expected

    @property
    def phone(self) -> str:
        """The borrower's number."""
        return self.borrower["phone_number"]

    def says(self) -> Iterator[tuple[str, str]]:
        """Yield (text, language) of all that this borrower may say."""
        for step in self.persona.get("steps") or ():
            if isinstance(step, dict) and "say" in step:
                words = step["say"] if isinstance(step["say"], dict) else {"text": step["say"]}
                yield words["text"], words.get("language") or self.persona["language"]


class UnknownCase(Exception):
    """There is no such case; the text lists those there are."""


@dataclass(frozen=True, slots=True)
class Cases:
    """All of them, and the agents' phones."""

    cases: tuple[Case, ...]
    agents: Mapping[str, Any]
    others: tuple[Case, ...] = ()
    """Who is not called by the demo, but answers when somebody else calls."""

    def only(self, keys: Sequence[str] | None) -> "Cases":
        """Return the cases of these keys alone, or all of them for None; `UnknownCase` when a key is none of them."""
        if keys is None:
            return self
        if unknown := set(keys) - {case.key for case in self.cases}:
            known = ", ".join(case.key for case in self.cases)
            raise UnknownCase(f"There is no case {', '.join(sorted(unknown))}; there are: {known}")
        return replace(self, cases=tuple(case for case in self.cases if case.key in keys))

    def csv(self) -> bytes:
        """Return the file that the collections team would upload."""
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(case.borrower for case in self.cases)
        return out.getvalue().encode()

    def personas_yaml(self) -> str:
        """Return the emulator's personas file."""
        personas = {case.phone: {**case.persona, "name": case.key} for case in (*self.cases, *self.others)}
        return yaml.safe_dump({"personas": personas, "agents": dict(self.agents)}, allow_unicode=True)

    def voices(self) -> set[str]:
        """Return the voices that the emulated recogniser has to know."""
        return {case.persona.get("voice", CALLER_VOICE) for case in (*self.cases, *self.others)}

    def phrases_json(self) -> str:
        """Return the phrases that the emulated recogniser has to know."""
        everybody = (*self.cases, *self.others)
        said = dict.fromkeys([CHECKED, *(phrase for case in everybody for phrase in case.says())])
        return json.dumps([{"text": text, "language": language} for text, language in said], ensure_ascii=False)


def load_cases(today: date, source: Path = CASES_FILE) -> Cases:
    """Read the cases; a due date there is a day of the month that follows `today`."""
    data = yaml.safe_load(source.read_text("utf-8"))
    next_month = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    cases = tuple(_case(entry, next_month) for entry in data["cases"])
    return Cases(cases, data["agents"], tuple(map(_like, EXAMPLES, cycle(cases))))


def _like(number: int, case: Case) -> Case:
    """Return who behaves as a case does, at another number."""
    return replace(case, borrower={**case.borrower, "phone_number": f"+919999900{number}"})


def _case(entry: Mapping[str, Any], month: date) -> Case:
    row = dict(entry["borrower"])
    due = month.replace(day=int(row.pop("due_date")))
    borrower = {**{key: str(value) for key, value in row.items()}, "due_date": due.isoformat()}
    borrower["phone_number"] = borrower.pop("phone")
    return Case(entry["key"], entry["title"], borrower, entry["phone"], Expected(**entry["expect"]))
