import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from services.dialog.intents import Intent
from services.dialog.lexicon import warm_up
from services.dialog.understand import understand
from tests.dialog.corpus_reader import replies
from voicekit.languages import LANGUAGES

ROOT = Path(__file__).parents[2]


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.dialog.understand", *arguments]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, encoding="utf-8", cwd=ROOT, timeout=50, check=False
    )


def answers(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_call_goes_on_in_the_right_language(language: str) -> None:
    wrong = [
        (reply.text, after)
        for reply in replies(language)
        if (after := understand(reply.text, language=language).language) != reply.language_after
    ]
    assert wrong == []


def test_a_request_is_understood_with_the_language_it_names() -> None:
    understanding = understand("Tamil mein boliye", language="hi-IN")
    assert understanding.intent is Intent.CHANGE_LANGUAGE
    assert (understanding.requested_language, understanding.language) == ("ta-IN", "ta-IN")


def test_text_and_json_lines_are_answered_in_order() -> None:
    done = run("--language", "ta-IN", stdin='ஆமா\n\n{"text": "नहीं चाहिए", "language": "hi-IN"}\nTelugu please\n')
    assert done.returncode == 0
    assert done.stderr == ""
    first, second, third = answers(done)
    assert (first["intent"], first["language"], first["decided_by"]) == ("YES", "ta-IN", "lexicon")
    assert (second["intent"], second["language"]) == ("NO", "hi-IN")
    assert (third["intent"], third["requested_language"]) == ("CHANGE_LANGUAGE", "te-IN")
    assert "text" not in first and "requested_language" not in first


def test_a_bad_line_is_named_and_the_others_are_answered(tmp_path: Path) -> None:
    lines = tmp_path / "replies.jsonl"
    lines.write_text('{"text": "yes"}\n{"text": \n{"text": 7}\n{"text": "no", "language": "fr-FR"}\n{"text": "no"}\n')
    done = run("--language", "en-IN", str(lines))
    assert done.returncode == 2
    assert [answer["intent"] for answer in answers(done)] == ["YES", "NO"]
    assert [line.split(": ")[0] for line in done.stderr.splitlines()] == [f"{lines}:{number}" for number in (2, 3, 4)]


def test_a_missing_file_is_named() -> None:
    done = run("/nowhere/replies.txt")
    assert done.returncode == 2
    assert "/nowhere/replies.txt" in done.stderr


def test_explain_tells_which_words_decided() -> None:
    (answer,) = answers(run("--explain", "--language", "en-IN", stdin="please remove my number\n"))
    assert answer["words"] == ["remove my number"]
    assert answer["language_reason"] == "SAME"


def test_the_rate_is_measured_on_the_replies_that_are_given() -> None:
    done = run("--rate", stdin="haan ji\n\nno thank you\n")
    assert done.returncode == 0
    assert re.fullmatch(r"[1-9]\d+ replies a second of one core\n", done.stdout)
    assert run("--rate", "/nowhere/replies.txt").returncode == 2


def test_help_names_the_options() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert {"--language", "--explain"} <= set(done.stdout.split())


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "replies.txt").write_text("yes\n" * 20_000)
    command = f"{sys.executable} -m services.dialog.understand {tmp_path}/replies.txt | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=ROOT, timeout=50, check=False)
    assert json.loads(done.stdout)["intent"] == "YES"
    assert done.stderr == ""


def test_understanding_costs_little_beside_reading_the_line_as_json() -> None:
    """A guard against a rule that looks at everything: measured against work of this machine, not against a clock."""
    warm_up()
    texts = [reply.text for language in LANGUAGES for reply in replies(language)]
    line = json.dumps({"text": texts, "language": "hi-IN"})

    def seconds(times: int) -> float:
        begun = time.process_time()
        for _ in range(times):
            json.loads(line)
        return (time.process_time() - begun) / times

    begun = time.process_time()
    for text in texts:
        understand(text, language="hi-IN")
    assert time.process_time() - begun < 3000 * seconds(50)
