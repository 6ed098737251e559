import functools
import tempfile
from pathlib import Path

import pytest

from tests.deploy.manifests import OVERLAYS, Manifests, read_base, render, with_recordings
from tests.support.programs import needed


@functools.cache
def _read(source: str) -> Manifests:
    if source == "base":
        return read_base()
    needed("kubectl", what="how overlays are rendered", source="https://kubernetes.io/docs/tasks/tools/")
    if source != "recordings":
        return render(OVERLAYS / source)
    with tempfile.TemporaryDirectory() as folder:
        return render(with_recordings(Path(folder)))


@pytest.fixture(params=["base", "local", "production", "recordings"])
def manifests(request: pytest.FixtureRequest) -> Manifests:
    """The base as files, then each overlay as it is applied, and the production one with recordings."""
    return _read(str(request.param))


@pytest.fixture
def recorded() -> Manifests:
    """The production overlay with recordings."""
    return _read("recordings")
