"""What the service under test did wrong, by the provider's rules and by those of good service."""

from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Final, Literal

Severity = Literal["error", "warning"]

RULES: Final = MappingProxyType[str, tuple[Severity, str]](
    {
        "not-json": ("error", "a message was not a JSON object with an event"),
        "unknown-event": ("error", "a message had an event that the provider does not know"),
        "before-start": ("error", "a message came before `start` was sent"),
        "wrong-stream-sid": ("warning", "a message lacked `stream_sid` or had another stream's"),
        "not-base64": ("error", "a media payload was not base64"),
        "odd-payload": ("error", "a media payload had half a sample"),
        "payload-not-320": ("error", "a media payload was not a multiple of 320 bytes: audible gaps"),
        "payload-too-large": ("error", "a media payload was over 100 kB"),
        "payload-small": (
            "warning",
            "a media payload, not the last of an utterance, was under 3200 bytes: jitter may be heard",
        ),
        "ahead-1s": ("warning", "audio was sent more than 1 s ahead of real time"),
        "ahead-5s": ("error", "audio was sent more than 5 s ahead of real time"),
        "underrun": ("error", "the queue ran dry for over 40 ms inside an utterance"),
        "slow-first-audio": ("warning", "the first audio came later than 1 s after `start`"),
        "slow-clear": ("warning", "`clear` came later than 1 s after the caller began to speak"),
        "audio-after-clear": ("error", "audio came so soon after `clear` that it belongs to the old turn"),
        "open-after-stop": ("error", "the socket was not closed within 2 s after `stop`"),
        "handshake": ("error", "the socket was not opened within 10 s"),
        "abnormal-close": ("error", "the service ended the stream with another code than 1000"),
        "left-open": ("error", "the socket stayed open while both sides had been silent for 20 s"),
        "slow-passthru": ("warning", "Passthru was answered later than 500 ms"),
        "passthru-status": ("error", "Passthru was answered with neither 200 nor 302"),
        "resolver": ("error", "the resolver did not answer 200 with a JSON object that holds a ws or wss `url`"),
        "slow-resolver": ("warning", "the resolver was answered later than 1 s: dead air"),
        "connect-answer": ("error", "the Connect URL did not answer as documented"),
        "slow-connect": ("warning", "the Connect URL was answered later than 1 s"),
        "slow-callback": ("warning", "a callback was answered later than 1 s"),
        "callback-status": ("error", "a callback was not answered with 2xx"),
        "double-dial": ("error", "a person was called while a call to the same person went on"),
        "no-time-limit": ("warning", "a call was placed without TimeLimit: nothing ends it when the bot fails"),
        "personal-data": ("warning", "the person's number stood in CustomField or in a URL"),
    }
)
"""Rule to its severity and meaning."""

_AHEAD_WARNING_S: Final = 1.0
_AHEAD_ERROR_S: Final = 5.0
_SLOW_S: Final = 1.0
_GAP_S: Final = 0.04
_PAUSE_S: Final = 0.5
"""A dry queue for longer than this is a pause between utterances, even if no mark stands before it."""
_OLD_TURN_S: Final = 0.1
"""Nobody answers an interruption this fast: what comes within it was on its way before."""
BOTH_SILENT_S: Final = 20.0


@dataclass(slots=True)
class Finding:
    """One rule that was broken during a call, however often."""

    rule: str
    severity: Severity
    meaning: str
    at_s: float
    """First time, in seconds from the beginning of the call."""
    detail: str
    """About the first time."""
    count: int = 1


class Findings:
    """The rules that one call broke."""

    def __init__(self) -> None:
        self._by_rule: dict[str, Finding] = {}

    def add(self, rule: str, at_s: float, detail: str = "") -> None:
        """Note that a rule of `RULES` was broken."""
        if rule in self._by_rule:
            self._by_rule[rule].count += 1
        else:
            severity, meaning = RULES[rule]
            self._by_rule[rule] = Finding(rule, severity, meaning, round(at_s, 3), detail)

    def all(self) -> list[Finding]:
        """List them, the first broken first."""
        return list(self._by_rule.values())

    def rules(self, severity: Severity | None = None) -> set[str]:
        """Name the broken rules, of one severity or of both."""
        return {f.rule for f in self._by_rule.values() if severity in (None, f.severity)}

    def view(self) -> list[dict[str, object]]:
        """Give them as JSON objects."""
        return [asdict(finding) for finding in self._by_rule.values()]


class StreamJudge:
    """Watches one stream; all times are readings of the loop's clock."""

    def __init__(self, findings: Findings, call_began: float) -> None:
        self._findings = findings
        self._zero = call_began
        self._started: float | None = None
        self._first_audio: float | None = None
        self._caller_spoke: float | None = None
        self._cleared: float | None = None
        self._utterance_open = False
        self._small = 0
        self.most_ahead_s = 0.0
        self.clear_delays_s: list[float] = []
        """From the caller's first word over the bot's to each `clear`."""

    @property
    def first_audio_s(self) -> float | None:
        """From `start` to the first audio; None when there was none."""
        if self._started is None or self._first_audio is None:
            return None
        return self._first_audio - self._started

    def broke(self, rule: str, now: float, detail: str = "") -> None:
        """Note a broken rule."""
        self._findings.add(rule, now - self._zero, detail)

    def started(self, now: float) -> None:
        """`start` was sent."""
        self._started = now

    def message(self, message: dict[str, object], stream_sid: str, now: float) -> None:
        """Check what holds for every message of the service."""
        if self._started is None:
            self.broke("before-start", now, str(message.get("event")))
        elif message.get("stream_sid") != stream_sid:
            self.broke("wrong-stream-sid", now, "missing" if "stream_sid" not in message else "another")

    def payload(self, pcm: bytes, now: float) -> None:
        """Check the size of one media payload."""
        size = len(pcm)
        if size % 2:
            self.broke("odd-payload", now, f"{size} bytes")
        elif size % 320 or not size:
            self.broke("payload-not-320", now, f"{size} bytes")
        if size > 100_000:
            self.broke("payload-too-large", now, f"{size} bytes")
        if self._small and self._utterance_open:  # the last message of an utterance may be short
            self.broke("payload-small", now, f"{self._small} bytes")
        self._small = size if size < 3200 else 0

    def audio(self, *, dry_s: float, ahead_s: float, now: float) -> None:
        """Check the timing of one media message that has just been queued."""
        if self._first_audio is None:
            self._first_audio = now
            if self._started is not None and now - self._started > _SLOW_S:
                self.broke("slow-first-audio", now, f"{now - self._started:.2f} s")
        if self._utterance_open and _GAP_S < dry_s <= _PAUSE_S:
            self.broke("underrun", now, f"{1000 * dry_s:.0f} ms")
        if self._cleared is not None and now - self._cleared < _OLD_TURN_S:
            self.broke("audio-after-clear", now, f"{1000 * (now - self._cleared):.0f} ms after it")
        self._utterance_open = True
        self.most_ahead_s = max(self.most_ahead_s, ahead_s)
        if ahead_s > _AHEAD_ERROR_S:
            self.broke("ahead-5s", now, f"{ahead_s:.1f} s")
        elif ahead_s > _AHEAD_WARNING_S + 0.001:
            self.broke("ahead-1s", now, f"{ahead_s:.1f} s")

    def mark(self) -> None:
        """An utterance is over: what follows may follow late."""
        self._utterance_open = False

    def caller_spoke(self, now: float) -> None:
        """The caller began to speak while the bot was speaking."""
        self._caller_spoke = now

    def clear(self, now: float) -> None:
        """The service dropped its queued audio."""
        self._utterance_open = False
        if self._caller_spoke is None:
            self._cleared = None  # of its own accord, or for a key: it may go on at once with something else
            return
        self._cleared = now
        delay = now - self._caller_spoke
        self._caller_spoke = None
        self.clear_delays_s.append(round(delay, 3))
        if delay > _SLOW_S:
            self.broke("slow-clear", now, f"{delay:.2f} s")
