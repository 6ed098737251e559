"""The command line of `python -m services.dialog.understand`."""

import argparse
import io
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from services.dialog.lexicon import warm_up
from services.dialog.understand import understand
from voicekit.errors import InvalidInput
from voicekit.languages import LANGUAGES, check_language

_RATED_S: Final = 2.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Understand replies from files or standard input, one a line; return the exit code."""
    options = _options(arguments)
    warm_up()
    failed = False
    try:
        if options.rate:
            return _print_rate(options)
        for name in options.files or ["-"]:
            failed |= not _run(name, options)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains on exit
        return 0
    return 2 if failed else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m services.dialog.understand",
        description="Read borrowers' replies, one a line, and print what each means as a JSON line. A line that begins"
        ' with "{" is JSON with "text" and, where known, "language", "recogniser", "recogniser_confidence".',
        epilog="Exit code 2 when a line could not be read; the others are answered all the same.",
    )
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="text or JSON lines; standard input when none is given"
    )
    parser.add_argument("--language", default="hi-IN", choices=LANGUAGES, help="language of the call (default: hi-IN)")
    parser.add_argument("--explain", action="store_true", help="print which words decided")
    parser.add_argument(
        "--rate", action="store_true", help="print how many such replies one core understands in a second of its time"
    )
    return parser.parse_args(arguments)


def _run(name: str, options: argparse.Namespace) -> bool:
    """Answer every line of one file; tell whether all could be read."""
    good = True
    try:
        with _opened(name) as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    answer = _answer(line, options)
                except InvalidInput as error:
                    good = False
                    print(f"{name}:{number}: {error}", file=sys.stderr)
                else:
                    print(json.dumps(answer, ensure_ascii=False))
                    if name == "-":
                        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"{name}: {error.strerror}", file=sys.stderr)
        return False
    return good


def _print_rate(options: argparse.Namespace) -> int:
    try:
        print(f"{_rate(options):.0f} replies a second of one core")
    except (OSError, InvalidInput) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _rate(options: argparse.Namespace) -> float:
    """Understand all replies, over and over for two seconds of this core's time, and return the rate."""
    lines = [line for name in options.files or ["-"] for line in _lines(name) if line.strip()]
    if not lines:
        return 0.0
    understood, began = 0, time.thread_time()
    while (took := time.thread_time() - began) < _RATED_S:
        for line in lines:
            _answer(line, options)
        understood += len(lines)
    return understood / took


def _lines(name: str) -> list[str]:
    with _opened(name) as lines:
        return list(lines)


@contextmanager
def _opened(name: str) -> Iterator[Iterable[str]]:
    if name == "-":
        yield io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")
        return
    with Path(name).open(encoding="utf-8", errors="replace") as lines:
        yield lines


def _answer(line: str, options: argparse.Namespace) -> dict[str, object]:
    fields = _fields(line)
    understanding = understand(
        fields["text"],
        language=check_language(fields.get("language") or options.language),
        recogniser=fields.get("recogniser"),
        recogniser_confidence=fields.get("recogniser_confidence"),
    )
    evidence = understanding.language_evidence
    answer: dict[str, object] = {
        "language": understanding.language,
        "heard": evidence.language,
        "intent": understanding.intent,
        "confidence": understanding.confidence,
        "decided_by": understanding.decided_by,
    }
    if understanding.requested_language or evidence.unsupported:
        answer["requested_language"] = understanding.requested_language or evidence.unsupported
    if options.explain:
        answer |= {
            "words": understanding.words,
            "language_reason": evidence.reason,
            "language_evidence": evidence.evidence,
        }
    return answer


def _fields(line: str) -> dict[str, Any]:
    if not line.lstrip().startswith("{"):
        return {"text": line.rstrip("\n")}
    try:
        fields = json.loads(line)
    except json.JSONDecodeError as error:
        raise InvalidInput(f"no JSON: {error.msg} at column {error.colno}") from error
    if not isinstance(fields.get("text"), str):
        raise InvalidInput('a JSON line needs "text", a string', "text")
    return dict(fields)
