"""Prepares what one call needs out of what all calls share."""

from collections.abc import Callable
from datetime import time

from services.dialog.conversation import Conversation, Languages, Rules
from services.dialog.deciding import Decider
from services.dialog.plan import Plan, plan_call
from services.dialog.ports import Reader
from services.dialog.script import Script
from services.dialog.turns import Brief, Flow
from voicekit.clock import INDIA, Now, utc_now
from voicekit.languages import LANGUAGES

LanguagesOfState = Callable[[str], tuple[str, str]]
"""Tells of a state, in any spelling, the language to greet in and the one to fall back to."""


class Office:
    """Plans calls and opens conversations."""

    def __init__(
        self,
        read: Reader,
        decider: Decider,
        languages_of_state: LanguagesOfState,
        *,
        accept_go_ahead: bool = False,
        agent_hours: tuple[time, time] = (time(8), time(19)),
        now: Now = utc_now,
    ) -> None:
        """Take what all calls share; `agent_hours` are in India's time."""
        self.decider = decider
        """Decides about doubtful words."""
        self._read = read
        self._languages_of_state = languages_of_state
        self._rules = Rules(accept_go_ahead, self._agents_at_work)
        self._agent_hours = agent_hours
        self._now = now

    def plan(self, brief: Brief) -> Plan:
        """Plan a call; `InvalidInput` names the field of the brief that cannot be spoken."""
        return plan_call(brief, self._script(brief), self._languages(brief).first)

    def conversation(self, brief: Brief, flow: Flow = Flow.FULL) -> Conversation:
        """Open a conversation."""
        return Conversation(
            brief,
            self._script(brief),
            self._read,
            self._languages(brief),
            rules=self._rules,
            now=self._now,
            flow=flow,
        )

    def _languages(self, brief: Brief) -> Languages:
        home, fallback = self._languages_of_state(brief.state)
        own = brief.language if brief.language in LANGUAGES else ""
        return Languages(own or home, home, fallback)

    def _script(self, brief: Brief) -> Script:
        return Script(brief, self._now().astimezone(INDIA).date())

    def _agents_at_work(self) -> bool:
        begin, end = self._agent_hours
        return begin <= self._now().astimezone(INDIA).time() < end
