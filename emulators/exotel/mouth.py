"""What the caller's phone picks up: words when there are some, else the noise of the room."""

import numpy as np

from emulators.audio import SAMPLE_RATE, mix, to_pcm


class Mouth:
    """Gives the next stretch of the caller's audio, for as long as anybody listens; 8 kHz."""

    def __init__(self, seed: int) -> None:
        self.noise_dbfs: float | None = None
        """Loudness of the room; None is digital silence."""
        self._words = bytearray()
        self._noise = np.random.default_rng(seed)

    def say(self, pcm: bytes) -> None:
        """Speak after what is already being said."""
        self._words += pcm

    def hush(self) -> None:
        """Swallow what has not been said yet."""
        self._words.clear()

    @property
    def speaking(self) -> bool:
        """Whether words are left to say."""
        return bool(self._words)

    def take(self, ms: int) -> bytes:
        """Take the next `ms` of sound."""
        size = ms * SAMPLE_RATE // 1000 * 2
        words = bytes(self._words[:size])
        del self._words[:size]
        sound = words.ljust(size, b"\0")
        return sound if self.noise_dbfs is None else mix(sound, self._room(size // 2, self.noise_dbfs))

    def _room(self, count: int, dbfs: float) -> bytes:
        return to_pcm(self._noise.standard_normal(count) * 32768 * 10 ** (dbfs / 20))
