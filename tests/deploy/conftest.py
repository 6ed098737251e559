import functools

import pytest

from tests.deploy.manifests import Manifests, can_render, read_base, render

_LEFT_OUT = "kubectl is not here, so overlay {} is not rendered: its patches, names and images stay unchecked"


@functools.cache
def _read(source: str) -> Manifests:
    return read_base() if source == "base" else render(source)


@pytest.fixture(params=["base", "local", "production"])
def manifests(request: pytest.FixtureRequest) -> Manifests:
    """The base as files, then each overlay as it is applied."""
    source = str(request.param)
    if source != "base" and not can_render():
        pytest.skip(_LEFT_OUT.format(source))
    return _read(source)
