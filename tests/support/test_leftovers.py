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
SHARES = """
import pytest
@pytest.fixture(scope="package")
def system(): print("it starts"); yield; print("it ends")
"""


def run(folder: Path) -> str:
    """Run the test files of a folder with the guard and without our settings of pytest."""
    guard = ("-p", "tests.support.leftovers")
    command = [sys.executable, "-m", "pytest", "-sq", "-c", "/dev/null", f"--rootdir={folder}", *guard, str(folder)]
    environment = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment).stdout


def test_a_file_that_changes_the_environment_fails_and_the_next_one_sees_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "test_changes.py").write_text(CHANGES)
    (tmp_path / "test_clean.py").write_text(CLEAN)
    printed = run(tmp_path)
    assert "test_changes.py leaves PACE changed in os.environ" in printed
    assert "3 passed, 1 error" in printed


def test_what_a_folder_s_tests_share_ends_with_them_or_is_refused(tmp_path: Path) -> None:
    for name in ("a_package", "b_folder"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "conftest.py").write_text(SHARES)
        (tmp_path / name / f"test_{name}.py").write_text(f"def test_it(system): print('{name} is tested')")
    (tmp_path / "a_package/__init__.py").touch()
    (tmp_path / "test_last.py").write_text("def test_it(): print('the last is tested')")
    printed = run(tmp_path)
    assert "b_folder has no __init__.py: its system would live on" in printed
    assert printed.index("a_package is tested") < printed.index("it ends") < printed.index("the last is tested")
    assert "2 passed, 1 error" in printed
