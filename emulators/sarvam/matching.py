"""Dynamic time warping of one utterance against many templates at once."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from emulators.sarvam.features import BANDS, Floats

_LINGER: Final = np.float32(0.25)
"""Price of a frame that stays at the same place of the template: the caller drawls."""
_HURRY: Final = np.float32(0.25)
"""Price of a frame that skips a place of the template: the caller hurries."""
_MISSED: Final = np.float32(0.25)
"""Price of a template frame that was never heard, at its start or its end."""
_CUT_START: Final = 10
"""Frames (160 ms) of a template that may be missing at its start."""
_CUT_END: Final = 4
_FAR: Final = np.float32(1e6)


class Alignments(NamedTuple):
    """How an utterance lies on each template; all arrays have shape (templates,)."""

    whole: Floats
    """Mean distance a frame when the utterance is all of the template."""
    prefix: Floats
    """Mean distance a frame when the utterance is its beginning."""
    reached: npt.NDArray[np.intp]
    """Template frame at which that beginning ends."""


def align(heard: Floats, templates: Floats, lengths: npt.NDArray[np.intp]) -> Alignments:
    """Align `heard` with every template.

    A step may stay, go on by one frame, or skip one, so that no step depends on another of the same moment and
    all templates advance together.

    Args:
        heard: shape (frames, bands), at least one frame.
        templates: shape (templates, longest, bands); what lies behind a template's length is never reached.
        lengths: frames of each template.
    """
    local = _distances(heard, templates)
    count, longest = templates.shape[:2]
    # Two columns stand before the template, so that the steps need no special case at its start.
    cost = np.full((count, longest + 2), _FAR, dtype=np.float32)
    may_miss = min(_CUT_START, longest)
    cost[:, 2 : 2 + may_miss] = _MISSED * np.arange(may_miss, dtype=np.float32)
    cost[:, 2:] += local[0]
    for frame in local[1:]:
        best = np.minimum(cost[:, 2:] + _LINGER, cost[:, 1:-1])
        np.minimum(best, cost[:, :-2] + _HURRY, out=best)
        best += frame
        cost[:, 2:] = best
    return _ends(cost, lengths, len(heard))


def _distances(heard: Floats, templates: Floats) -> Floats:
    """Measure every frame against every template frame, over bands; shape (frames, templates, longest)."""
    flat = templates.reshape(-1, BANDS)
    squared = (heard**2).sum(axis=1)[:, None] + (flat**2).sum(axis=1)[None] - 2 * (heard @ flat.T)
    distances: Floats = np.sqrt(np.maximum(squared, 0) / BANDS)
    return distances.reshape(len(heard), *templates.shape[:2])


def _ends(cost: Floats, lengths: npt.NDArray[np.intp], frames: int) -> Alignments:
    rows = np.arange(len(lengths))
    at_end = [cost[rows, np.maximum(1 + lengths - missed, 2)] + missed * _MISSED for missed in range(_CUT_END)]
    inside = np.where(np.arange(cost.shape[1] - 2) < lengths[:, None], cost[:, 2:], _FAR)
    reached = inside.argmin(axis=1)
    whole: Floats = np.minimum.reduce(at_end) / np.float32(frames)
    prefix: Floats = inside[rows, reached] / np.float32(frames)
    return Alignments(whole, prefix, reached)
