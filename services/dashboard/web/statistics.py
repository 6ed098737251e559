"""Today's numbers."""

from services.dashboard.board import Board
from services.dashboard.statistics import Statistics
from services.dashboard.web.endpoint import Asked


class StatisticsApi:
    """Tells today's numbers."""

    def __init__(self, board: Board) -> None:
        self._board = board

    async def get(self, _: Asked) -> Statistics:
        """Tell what the calls of today came to. A day is India's."""
        return self._board.statistics()
