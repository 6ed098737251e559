"""A test file that leaves something behind fails, since what runs after it would meet that."""

import os
from collections.abc import Generator, Mapping
from typing import Final

import pytest

_BEFORE: Final = pytest.StashKey[Mapping[str, str]]()
_PYTEST_S_OWN: Final = "PYTEST_CURRENT_TEST"


def pytest_collection_finish(session: pytest.Session) -> None:
    session.config.stash[_BEFORE] = _now()  # with what the imports of the files have set: that holds for all


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """Look when a file is done; what a system of several files was told must not stand here while it runs, either."""
    try:
        return (yield)
    finally:
        if nextitem is None or nextitem.path != item.path:
            _assert_unchanged(item.config.stash[_BEFORE], item.path.name)


def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest) -> None:
    if fixturedef.scope == "package" and fixturedef.baseid and isinstance(request.node, pytest.Session):
        pytest.fail(f"{fixturedef.baseid} has no __init__.py: its {fixturedef.argname} would live on to the very end")


def _assert_unchanged(before: Mapping[str, str], file: str) -> None:
    now = _now()
    changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    for name in changed:  # the next file is not to blame
        if name in before:
            os.environ[name] = before[name]
        else:
            del os.environ[name]
    if changed:
        pytest.fail(f"{file} leaves {', '.join(changed)} changed in os.environ", pytrace=False)


def _now() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if name != _PYTEST_S_OWN}
