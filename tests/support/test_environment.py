import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHANGES = """
import os
def test_one(): os.environ["PACE"] = "2.0"
def test_two(): assert os.environ["PACE"] == "2.0"
"""
CLEAN = """
import os
def test_it(monkeypatch):
    assert "PACE" not in os.environ
    monkeypatch.setenv("PACE", "3.0")
"""


def run(folder: Path) -> str:
    """Run the test files of a folder with the guard and without our settings of pytest."""
    guard = ("-p", "tests.support.environment")
    command = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", f"--rootdir={folder}", *guard, str(folder)]
    environment = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment).stdout


def test_a_file_that_changes_the_environment_fails_and_the_next_one_sees_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "test_changes.py").write_text(CHANGES)
    (tmp_path / "test_clean.py").write_text(CLEAN)
    printed = run(tmp_path)
    assert "test_changes.py leaves PACE changed in os.environ" in printed
    assert "3 passed, 1 error" in printed
