"""Whether the process lives, and whether it takes requests."""

import asyncio

from services.dashboard.model import Value
from services.dashboard.web.endpoint import Asked
from voicekit.errors import ProviderDown


class Healthy(Value):
    """All is well."""

    status: str = "serving"


class HealthApi:
    """Answers whoever watches over the process."""

    def __init__(self, begun: asyncio.Event) -> None:
        """Be ready once `begun` is set."""
        self._begun = begun
        self.draining = False
        """True when the process is about to end."""

    async def live(self, _: Asked) -> Healthy:
        """Tell that the process lives."""
        return Healthy()

    async def ready(self, _: Asked) -> Healthy:
        """Tell whether requests may come: once the present has been read, until the process is told to stop."""
        if self.draining or not self._begun.is_set():
            raise ProviderDown("about to end" if self.draining else "the record has not answered yet")
        return Healthy()
