"""What the service sends into a stream: judged, logged, and given to the ear."""

import base64
import json
from collections.abc import Callable

from emulators.exotel.ear import Ear
from emulators.exotel.judge import StreamJudge
from emulators.exotel.variant import Variant
from emulators.exotel.wire import Message


class Inbox:
    """Takes the service's messages one by one, and survives every one of them."""

    def __init__(
        self,
        stream_sid: str,
        ear: Ear,
        judge: StreamJudge,
        variant: Variant,
        record: Callable[[str, str, Message], None],
    ) -> None:
        self._sid = stream_sid
        self._ear = ear
        self._judge = judge
        self._variant = variant
        self._record = record

    def take(self, raw: str | bytes, now: float) -> None:
        """Judge one message and do what it says."""
        try:
            message = json.loads(raw)
        except ValueError:
            message = None
        if not isinstance(message, dict) or "event" not in message:
            self._judge.broke("not-json", now)
            return
        self._judge.message(message, self._sid, now)
        body = message.get(str(message["event"]))
        match message["event"]:
            case "media":
                self._media(body if isinstance(body, dict) else {}, now)
            case "mark":
                self._mark(body if isinstance(body, dict) else {}, now)
            case "clear":
                self._clear(now)
            case other:
                self._judge.broke("unknown-event", now, str(other))

    def _media(self, media: dict[str, object], now: float) -> None:
        try:
            pcm = base64.b64decode(str(media["payload"]), validate=True)
        except (KeyError, ValueError):
            self._judge.broke("not-base64", now)
            return
        self._judge.payload(pcm, now)
        dry_s = self._ear.receive(pcm[: len(pcm) // 2 * 2], now)
        ahead_s = self._ear.ahead(now)
        self._judge.audio(dry_s=dry_s, ahead_s=ahead_s, now=now)
        self._record("phone", "media", {"bytes": len(pcm), "ahead_ms": round(1000 * ahead_s)})

    def _mark(self, mark: dict[str, object], now: float) -> None:
        name = str(mark.get("name"))
        self._record("phone", "mark", {"name": name})
        self._judge.mark()
        if self._variant.marks == "echoed":
            self._ear.mark(name)

    def _clear(self, now: float) -> None:
        before_s = self._ear.ahead(now)
        self._ear.clear(now, self._variant.clear_cuts, self._variant.marks_on_clear)
        self._judge.clear(now)
        self._record("phone", "clear", {"dropped_ms": round(1000 * (before_s - self._ear.ahead(now)))})
