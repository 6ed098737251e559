"""What can be found in a customer file, told by whoever reads it to whoever asked."""

from typing import Final

from services.customers.upload_model import Report
from voicekit.errors import InvalidInput

MAX_BYTES: Final = 10 * 1024 * 1024


class BadCell(InvalidInput):
    """A value that cannot be used; `code` is fixed, the text is for the person who made the file."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class BadFile(InvalidInput):
    """A file that cannot be imported as a whole; `code` is fixed, the text is for the person who made the file."""

    def __init__(self, code: str, message: str, report: Report | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.report = report
        """What was found in it, where it could be read."""
