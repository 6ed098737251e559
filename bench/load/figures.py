"""From what runs showed to figures."""

import statistics
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

from bench.load.borrower import Kind, Story, Turn
from bench.load.drive import Run

LATE_MS: Final = 10.0
"""A run in which the generator's 99th percentile was later than this is not counted."""
STT_FINAL: Final = "final"
Figures = dict[str, float]


def figures(run: Run) -> Figures:
    """Return the figures of one run; those of which nothing was seen are missing."""
    live_s = call_seconds(run, run.ends)
    paid_s = call_seconds(run, run.counted)
    found: Figures = {
        "calls": run.calls,
        "live": live_s / (run.ends - run.begins),
        "generator_late_p99_ms": _late_p99_ms(run),
        "generator_core": run.generator_s / (run.counted - run.begins),
        "placed": run.placed,
        "placing_cpu_ms": 1000 * sum(run.placing_cpu_s.values()) / max(run.placed, 1),
        "cpu_ms": 1000 * sum(run.cpu_s.values()) / paid_s,
        "core": sum(run.cpu_s.values()) / (run.counted - run.begins),
        "others_core": max(0.0, run.busy_s - sum(run.cpu_s.values())) / (run.counted - run.begins),
        "memory_mb": sum(run.memory_mb.values()),
        "model_asked": run.model_asked,
        "never_ended": run.never_ended,
    }
    found |= {f"cpu_ms_{name}": 1000 * spent / paid_s for name, spent in (run.cpu_s | run.beside_s).items()}
    found |= {f"memory_mb_{name}": mb for name, mb in run.memory_mb.items()}
    found |= _from_calls(run)
    for name, waits in run.waits.items():
        found |= _spread(f"lag_{name}", [1000 * wait for _, wait in waits], (50, 99))
    return found


def call_seconds(run: Run, until: float) -> float:
    """Add up how long calls were live from the window's beginning."""
    spans = ((max(each.started, run.begins), min(each.ended or until, until))
             for each in run.stories if each.started)  # fmt: skip
    return sum(max(0.0, end - begin) for begin, end in spans)


def counts(found: Figures) -> bool:
    """Tell whether the generator kept time, so that the run may be counted."""
    return found["generator_late_p99_ms"] <= LATE_MS


def broken(found: Figures) -> bool:
    """Tell whether borrowers would say that it does not work."""
    return bool(found["drops"] or found["unanswered"] or found["gaps_60"])


def medians(runs: Sequence[Figures]) -> Figures:
    """Return the median of each figure."""
    names = dict.fromkeys(name for each in runs for name in each)
    return {name: statistics.median(each[name] for each in runs if name in each) for name in names}


def _from_calls(run: Run) -> Figures:
    """Return what the wire showed."""
    greeted = [each for each in run.stories if each.greeted]
    turns = [(story, turn) for story in run.stories for turn in story.turns if _in_window(run, turn.onset)]
    answered = [(story, turn) for story, turn in turns if turn.answered and not turn.cut_off]
    finals = {(line["stt"], line["turn"]): line[STT_FINAL] for line in run.provider_log if line.get("stt", -1) >= 0}
    found = _spread("greeting", [1000 * (each.greeted - each.started) for each in greeted], (50, 95, 99))
    for name, kinds in (("short", (Kind.SHORT,)), ("long", (Kind.LONG, Kind.INTERRUPTS))):
        some = [(story, turn) for story, turn in answered if turn.kind in kinds]
        whole = [1000 * (turn.answered - turn.end) for _, turn in some]
        over = [1000 * (turn.answered - turn.end - _waited(run, finals, story, turn)) for story, turn in some]
        found |= _spread(f"turn_{name}", whole, (50, 95, 99)) | _spread(f"over_{name}", over, (50, 95, 99))
    cut_in = [turn for _, turn in turns if turn.kind is Kind.INTERRUPTS and turn.cleared]
    found |= _spread("clear", [1000 * (turn.cleared - turn.onset) for turn in cut_in], (50, 95))
    found |= _spread("silence", [1000 * (turn.silent - turn.onset) for turn in cut_in], (50, 95))
    gaps = [1000 * gap for each in run.stories for at, gap in each.ear.gaps if _in_window(run, at)]
    leads = [1000 * lead for each in run.stories for at, lead in each.ear.leads if _in_window(run, at)]
    found |= _spread("lead", leads, (1, 50, 99))
    asked = _asked(run)
    return found | {
        "turns": len(turns),
        "unanswered": sum(not turn.answered for _, turn in turns if run.ends - turn.end > 5),
        "cut_off": sum(turn.cut_off for _, turn in turns),
        "not_cleared": sum(turn.kind is Kind.INTERRUPTS and not turn.cleared for _, turn in turns
                           if run.ends - turn.end > 1),
        "false_clears": sum(_in_window(run, at) for each in run.stories for at in each.false_clears),
        "gaps_40": sum(gap > 40 for gap in gaps),
        "gaps_60": sum(gap > 60 for gap in gaps),
        "gap_max_ms": max(gaps, default=0.0),
        "drops": sum(bool(each.dropped) for each in run.stories),
        "not_greeted": sum(not each.greeted for each in run.stories if each.started and each.ended - each.started > 2),
        **asked,
        "providers_per_turn": (asked["stt_asked"] + asked["tts_after_answer"] + run.model_asked) / max(len(turns), 1),
    }  # fmt: skip


def _in_window(run: Run, at: float) -> bool:
    """Tell whether something happened while the run was measured."""
    return run.begins <= at <= run.ends


def _asked(run: Run) -> Figures:
    """Count what the speech provider was asked; after the first answer every rendered line is one too many."""
    first = min((each.started for each in run.stories if each.started), default=0.0)
    return {
        "stt_asked": sum(_in_window(run, line["asked"]) for line in run.provider_log if "stt" in line),
        "stt_unknown": sum(line["stt"] < 0 for line in run.provider_log if "stt" in line),
        "tts_before_answer": sum(line["at"] < first for line in run.provider_log if "tts" in line),
        "tts_after_answer": sum(line["at"] >= first for line in run.provider_log if "tts" in line),
    }


def _waited(run: Run, finals: dict[tuple[Any, Any], float], story: Story, turn: Turn) -> float:
    """Return the seconds of a turn in which we waited for the recogniser: none, if its final came after our answer."""
    final = finals.get((story.number, turn.number))
    return run_final_s(run) if final is not None and final <= turn.answered else 0.0


def run_final_s(run: Run) -> float:
    """Return what a final takes after the end of speech was told."""
    lines = [line for line in run.provider_log if line.get("stt", -1) >= 0]
    return lines[0]["final"] - lines[0]["asked"] if lines else 0.0


def _late_p99_ms(run: Run) -> float:
    if not run.late:
        return 0.0
    late = np.repeat([seconds for _, seconds, _ in run.late], [frames for _, _, frames in run.late])
    return float(1000 * np.percentile(late, 99))


def _spread(name: str, values: Iterable[float], percentiles: Sequence[int]) -> Figures:
    some = list(values)
    return {f"{name}_p{each}": float(np.percentile(some, each)) for each in percentiles} if some else {}
