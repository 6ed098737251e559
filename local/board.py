"""The demo's picture in the terminal: one line a borrower, as the calls go on."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.box import SIMPLE
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from local.cases import Case
from local.outcome import Outcome, status_name
from voice.customers import v1 as pb
from voicekit.languages import NAMES

_STYLES = {"completed": "green", "failed": "red", "not_picked": "yellow", "ready": "dim", "in_progress": "bold cyan"}

_RAN_DRY = "ran dry"
_TOO_BUSY = "Sound runs dry when a machine is too busy to send it in time. Run the demo again while little else runs."


@dataclass(slots=True)
class _Row:
    case: Case
    customer_id: int = 0
    status: str = "waiting"
    state: str = ""
    language: str = ""
    words: str = ""
    speaker: str = ""


class Board:
    """Follows the record's changes and shows them; on a terminal as a table that changes, elsewhere line by line."""

    def __init__(self, cases: Sequence[Case], console: Console) -> None:
        self._rows = [_Row(case) for case in cases]
        self._by_customer: dict[int, _Row] = {}
        self._console = console
        self._live = Live(get_renderable=self._table, console=console, refresh_per_second=4, transient=True)

    def __enter__(self) -> "Board":
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def know(self, customer_id: int, case: Case) -> None:
        """Tell which borrower of the record a case is."""
        row = next(row for row in self._rows if row.case is case)
        row.customer_id = customer_id
        self._by_customer[customer_id] = row

    def show(self, change: pb.WatchChangesResponse) -> None:
        """Take in one change."""
        kind = change.WhichOneof("what")
        if kind == "call":
            self._call(change.call)
        elif kind == "turn":
            self._turn(change.turn)

    def _call(self, call: pb.Call) -> None:
        if not (row := self._by_customer.get(call.customer_id)):
            return
        status = status_name(call.status) + (f" ({call.reason})" if call.reason else "")
        language = NAMES.get(call.language_used, "")
        if (status, language) != (row.status, row.language):
            row.status, row.language = status, language
            self._say(row, status)

    def _turn(self, change: pb.TurnChange) -> None:
        if not (row := self._by_customer.get(change.customer_id)):
            return
        turn = change.turn
        row.state, row.words = turn.state or row.state, turn.text
        row.language = NAMES.get(turn.language, row.language)
        row.speaker = "we" if turn.speaker == pb.SPEAKER_BOT else "they"
        self._say(row, f"{row.speaker}: {turn.text}")

    def _say(self, row: _Row, what: str) -> None:
        if not self._console.is_terminal:
            self._console.print(f"{row.case.key:22} {row.language:9} {what}", soft_wrap=True, highlight=False)

    def _table(self) -> Table:
        table = Table(expand=True, box=None, padding=(0, 1))
        for name, width in (("borrower", 22), ("line", 28), ("state", 22), ("language", 10)):
            table.add_column(name, width=width, no_wrap=True)
        table.add_column("last words", ratio=1, no_wrap=True, overflow="ellipsis")
        for row in self._rows:
            style = _STYLES.get(row.status.split(" ")[0], "")
            words = Text(f"{row.speaker}: " if row.words else "", style="dim").append(row.words, style="none")
            table.add_row(row.case.key, Text(row.status, style=style), row.state, row.language, words)
        return table


def summary(outcomes: Sequence[Outcome]) -> Group:
    """Return the table that the demo ends with."""
    table = Table(title="What came of the calls", title_justify="left", box=SIMPLE)
    for name in ("", "case", "line", "reason", "language", "right person", "achieved", "turns"):
        table.add_column(name, no_wrap=True)
    for outcome in outcomes:
        table.add_row(*_cells(outcome))
    problems = [Text(f"{o.case.key}: {problem}", style="red") for o in outcomes for problem in o.problems]
    late = any(_RAN_DRY in problem for outcome in outcomes for problem in outcome.problems)
    return Group(table, *problems, *([Text(_TOO_BUSY, style="yellow")] if late else []))


def _cells(outcome: Outcome) -> list[Text | str]:
    sign = Text("ok", style="green") if outcome.as_expected else Text("NOT OK", style="bold red")
    if outcome.record is None:
        return [sign, outcome.case.key, "", "", "", "", "", ""]
    call = outcome.record.call
    return [
        sign,
        outcome.case.key,
        status_name(call.status),
        call.reason,
        NAMES.get(call.language_used, ""),
        "yes" if call.verified else "no",
        call.disposition,
        str(len(outcome.record.turns)),
    ]
