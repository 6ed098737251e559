"""Reads the tables of a web page: some loan systems call one an Excel file."""

from html.parser import HTMLParser

from services.customers.findings import BadFile
from services.customers.sheet import MAX_COLUMNS, MAX_ROWS, MAX_TITLE_ROWS, Sheet


def read_html(text: str) -> list[Sheet]:
    """Return each table as a sheet. A table within a cell counts as text of that cell's table."""
    reader = _Tables()
    reader.feed(text)
    reader.close()
    return [Sheet(f"Table {number}", rows) for number, rows in enumerate(reader.tables, start=1)]


class _Tables(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[str]]] = []
        self._in_cell = False

    def handle_starttag(self, tag: str, _attributes: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self._add_row(self.tables[-1])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self._add_cell(self.tables[-1][-1])

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.tables[-1][-1][-1] += data

    def _add_row(self, rows: list[list[str]]) -> None:
        if len(rows) > MAX_ROWS + MAX_TITLE_ROWS:
            raise BadFile("FILE_TOO_LONG", f"The file has more than {MAX_ROWS} rows.")
        rows.append([])
        self._in_cell = False

    def _add_cell(self, row: list[str]) -> None:
        if len(row) > MAX_COLUMNS:
            raise BadFile("FILE_TOO_WIDE", f"A row has more than {MAX_COLUMNS} cells.")
        row.append("")
        self._in_cell = True
