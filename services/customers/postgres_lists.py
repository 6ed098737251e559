# ruff: noqa: S608 -- every part of these statements is ours; what is asked comes as arguments
"""How a page of borrowers is found within its time, whatever the filter and the order.

No plan suits all: to walk the order until a page is full takes long when those who pass stand at its far end, and to
gather all who pass takes long when they are many. Statistics cannot tell, since what is filtered hangs together with
what is sorted by. So each way is taken only where its work is bounded:

- merge: of each status, state and language there are, the first ones in the order, by an index for each (`merged`);
- walk, but no further than `WALK` borrowers: finds a page of what many pass (`walked`);
- gather all, and sort them: after a walk that found too few, so that they are few, too (`gathered`).
"""

import itertools
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from services.customers.model import CallStatus, CustomerFilter, CustomerOrder, Sorting

WALK: Final = 5_000
SELECT_CUSTOMER: Final = """
    SELECT
        c.id, c.name, c.phone_number, c.state, c.loan_id, c.lender_name, c.amount_paise, c.due_date, c.language_code,
        c.call_status, c.version, c.updated_at, c.alternate_phone, c.details
    FROM customers AS c
"""
_PHONE: Final = re.compile(r"\+91[6-9]\d{9}")
_KIND: Final = ("call_status", "state", "language_code")
_MERGED: Final = frozenset({CustomerOrder.ID, CustomerOrder.DUE_DATE, CustomerOrder.UPDATED})
"""Orders in which each kind has an index."""
_PIECE: Final = 6
"""Letters of a number that are looked up: the more, the longer it takes, and so many leave few."""
_MEMBERS: Final = "c.id IN (SELECT u.customer_id FROM upload_customers AS u WHERE u.upload_id = {})"
_PROBED: Final = "(SELECT true FROM upload_customers AS u WHERE u.upload_id = {} AND u.customer_id = c.id)"
"""The same, asked of one borrower after the other and never for all at once."""
_SAME_KIND: Final = " AND ".join(f"c.{column} = k.{column}" for column in _KIND)


@dataclass(slots=True)
class Query:
    """A statement that is being put together; every part of it is ours, and what is asked comes as arguments."""

    text: str = ""
    arguments: list[object] = field(default_factory=list)

    def put(self, argument: object) -> str:
        """Take an argument in, and return its placeholder."""
        self.arguments.append(argument)
        return f"${len(self.arguments)}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A page that is asked for."""

    which: CustomerFilter
    sorting: Sorting
    after: tuple[str, int] | None
    limit: int

    def can_merge(self) -> bool:
        """Tell whether `merged` finds this page."""
        return self._is_of_kinds() and self.sorting.by in _MERGED

    def is_of_one_phone(self) -> bool:
        """Tell whether those asked for are so few that a walk to them is in vain."""
        return bool(_PHONE.fullmatch(self.which.text))

    def first(self) -> Query:
        """Return the statement for a page that nothing is filtered from."""
        query = Query()
        later = self._later(query)
        query.text = f"{SELECT_CUSTOMER} WHERE {later} ORDER BY {self._order()} LIMIT {self.limit:d}"
        return query

    def merged(self) -> Query:
        """Return the statement that merges what each kind of borrower has to offer.

        Of the kinds, those matter whose first one comes early: of as many as the page has rows, the first rows.
        """
        query = Query()
        kinds, later, order = _kinds(query, self.which), self._later(query), self._order()
        first = f"SELECT {self._key()} AS key, c.id FROM customers AS c WHERE {_SAME_KIND} AND {later} ORDER BY {order}"
        by_key = f"f.key {self._direction()}, f.id {self._direction()}"
        query.text = f"""
            WITH RECURSIVE {kinds}, early AS MATERIALIZED (
                SELECT k.* FROM kinds AS k CROSS JOIN LATERAL ({first} LIMIT 1) AS f
                ORDER BY {by_key} LIMIT {self.limit:d}
            ), page AS MATERIALIZED (
                SELECT f.id FROM early AS k CROSS JOIN LATERAL ({first} LIMIT {self.limit:d}) AS f
                ORDER BY {by_key} LIMIT {self.limit:d}
            )
            {SELECT_CUSTOMER} JOIN page USING (id) ORDER BY {self._order()}
        """
        return query

    def walked(self) -> Query:
        """Return the statement that walks the order for a while: a page that is not full may lack those further on."""
        query = Query()
        order, later = self._order(), self._later(query)
        if self.which.upload_id and self.sorting.by is CustomerOrder.ID:
            upload = query.put(self.which.upload_id)
            members = f"(SELECT customer_id AS id FROM upload_customers WHERE upload_id = {upload}) AS c"
            walk = f"SELECT c.id FROM {members} WHERE {later} ORDER BY {order} LIMIT {WALK}"
            source = f"({walk}) AS u JOIN customers AS c USING (id)"
        else:
            # No column but those that are looked at: without a filter of columns the index alone is walked.
            looked_at = ", ".join(f"c.{column}" for column in dict.fromkeys(("id", self.sorting.by, *self._filtered())))
            source = f"(SELECT {looked_at} FROM customers AS c WHERE {later} ORDER BY {order} LIMIT {WALK}) AS c"
        conditions = _conditions(query, self.which, upload=_PROBED)
        page = f"SELECT c.id FROM {source} WHERE {conditions} ORDER BY {order} LIMIT {self.limit:d}"
        query.text = f"{SELECT_CUSTOMER} JOIN ({page}) AS page USING (id) ORDER BY {order}"
        return query

    def gathered(self, span: tuple[int, int] | None) -> Query:
        """Return the statement that sorts all who pass; `span` is from which id to which those of the upload are."""
        query = Query()
        kinds, source, conditions = "", "customers AS c", "true"
        if self._is_of_kinds():
            kinds = f"WITH RECURSIVE {_kinds(query, self.which)}"
            columns = ", ".join(f"c.{column}" for column in dict.fromkeys(("id", self.sorting.by)))
            # OFFSET 0, here and below, keeps the planner from beginning at the other end, with the order.
            mine = f"SELECT {columns} FROM customers AS c WHERE {_SAME_KIND} OFFSET 0"
            source = f"kinds AS k CROSS JOIN LATERAL ({mine}) AS c"
        else:
            conditions = _conditions(query, self.which)
        if span:  # a file's borrowers mostly have ids in a row: to read along is quicker than to look each one up
            conditions += f" AND c.id BETWEEN {query.put(span[0])} AND {query.put(span[1])}"
        found = f"SELECT {self._key()} AS key, c.id FROM {source} WHERE {conditions} AND {self._later(query)} OFFSET 0"
        direction = self._direction()
        query.text = f"""
            {kinds}
            {SELECT_CUSTOMER} JOIN (
                SELECT f.id FROM ({found}) AS f ORDER BY f.key {direction}, f.id {direction} LIMIT {self.limit:d}
            ) AS page USING (id)
            ORDER BY {self._order()}
        """
        return query

    def _filtered(self) -> list[str]:
        """Return the columns that the filter looks at."""
        columns = _KIND if any(getattr(self.which, column) for column in _KIND) else ()
        return [*columns, *(("search_text", "phone_number") if self.which.text else ())]

    def _is_of_kinds(self) -> bool:
        return not self.which.text and not self.which.upload_id

    def _key(self) -> str:
        return f"c.{self.sorting.by}"

    def _direction(self) -> str:
        return "DESC" if self.sorting.descending else "ASC"

    def _order(self) -> str:
        columns = dict.fromkeys((self._key(), "c.id"))
        return ", ".join(f"{column} {self._direction()}" for column in columns)

    def _later(self, query: Query) -> str:
        """Return the condition to come after the page before."""
        if self.after is None:
            return "true"
        sign = "<" if self.sorting.descending else ">"
        if self.sorting.by is CustomerOrder.ID:
            return f"c.id {sign} {query.put(self.after[1])}"
        value = _read(self.sorting.by, self.after[0])
        return f"({self._key()}, c.id) {sign} ({query.put(value)}, {query.put(self.after[1])})"


def matching(which: CustomerFilter, limit: int) -> Query:
    """Return the statement for the ids of the first borrowers who pass, in their order."""
    query = Query()
    conditions = _conditions(query, which)
    query.text = f"SELECT c.id FROM customers AS c WHERE {conditions} ORDER BY c.id LIMIT {limit:d}"
    return query


def _kinds(query: Query, which: CustomerFilter) -> str:
    """Return the common table expression of which kinds of borrowers there are, each found by a look into the index."""
    asked = {column: query.put(getattr(which, column)) for column in _KIND if getattr(which, column)}
    same = " AND ".join(f"c.{column} = {asked[column]}" for column in asked) or "true"
    # What is asked of the first columns is the same in all kinds: it narrows the look, and the rest is stepped through.
    fixed = list(itertools.takewhile(lambda column: column in asked, _KIND))
    stepped = _KIND[len(fixed) :] or _KIND[-1:]
    within = " AND ".join(f"c.{column} = {asked[column]}" for column in fixed) or "true"
    columns, order = ", ".join(f"c.{column}" for column in _KIND), ", ".join(f"c.{column}" for column in stepped)
    present = ", ".join(f"k.{column}" for column in stepped)
    return f"""
        all_kinds AS (
            (SELECT {columns} FROM customers AS c WHERE {within} ORDER BY {order} LIMIT 1)
            UNION ALL
            SELECT next.* FROM all_kinds AS k CROSS JOIN LATERAL (
                SELECT {columns} FROM customers AS c
                WHERE {within} AND ({order}) > ({present}) ORDER BY {order} LIMIT 1
            ) AS next
        ), kinds AS MATERIALIZED (SELECT * FROM all_kinds AS c WHERE {same})
    """


def _conditions(query: Query, which: CustomerFilter, *, upload: str = _MEMBERS) -> str:
    """Return what a filter asks as SQL."""
    asked = [f"c.{column} = {query.put(getattr(which, column))}" for column in _KIND if getattr(which, column)]
    if which.state and not which.call_status:  # lets every release of Postgres use the index, which begins with it
        asked.append(f"c.call_status = ANY ({query.put([str(status) for status in CallStatus])}::text[])")
    asked += _text(query, which.text)
    if which.upload_id:
        asked.append(upload.format(query.put(which.upload_id)))
    return " AND ".join(asked) or "true"


def _text(query: Query, text: str) -> list[str]:
    """Return the conditions that a text stands in name, phone or loan number."""
    if not text:
        return []
    if _PHONE.fullmatch(text):  # stands in no name and no loan number, and has an index of its own
        return [f"c.phone_number = {query.put(text)}"]
    piece = _piece(text)
    asked = [f"c.search_text LIKE lower({query.put(_contains(piece))})"]
    if piece != text:
        asked.append(f"position(lower({query.put(text)}) IN c.search_text) > 0")
    return asked


def _piece(text: str) -> str:
    """Return what to look up: of a long number only the piece that differs most, since zeros stand in every other."""
    if len(text) <= _PIECE or not text.isascii() or not any(letter.isdigit() for letter in text):
        return text
    pieces = [text[start : start + _PIECE] for start in range(len(text) - _PIECE, -1, -1)]
    return max(pieces, key=lambda piece: len({piece[start : start + 3] for start in range(_PIECE - 2)}))


def _contains(text: str) -> str:
    escaped = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


def _read(by: CustomerOrder, value: str) -> object:
    """Read where a page ended from its token."""
    match by:
        case CustomerOrder.AMOUNT:
            return int(value)
        case CustomerOrder.DUE_DATE:
            return date.fromisoformat(value)
        case CustomerOrder.UPDATED:
            return datetime.fromisoformat(value)
    return value
