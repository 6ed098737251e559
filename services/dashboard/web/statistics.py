"""Today's numbers."""

from services.dashboard.board import Board
from services.dashboard.model import Campaign, CampaignState, Page
from services.dashboard.ports import Dialing
from services.dashboard.statistics import Statistics, with_queued
from services.dashboard.web.endpoint import Asked
from voicekit.errors import VoiceError

_LATEST = Page(size=200)


class StatisticsApi:
    """Tells today's numbers."""

    def __init__(self, board: Board, dialing: Dialing) -> None:
        self._board, self._dialing = board, dialing

    async def get(self, _: Asked) -> Statistics:
        """Tell what the calls of today came to. A day is India's."""
        try:
            campaigns = (await self._dialing.campaigns(_LATEST)).campaigns
        except VoiceError:
            return self._board.statistics()  # all but the queue's own number
        return with_queued(self._board.statistics(), sum(map(_waiting, campaigns)))


def _waiting(campaign: Campaign) -> int:
    return campaign.waiting if campaign.state in (CampaignState.RUNNING, CampaignState.PAUSED) else 0
