"""Programs that are started while gRPC is in use."""

import importlib


def test_grpc_stays_out_of_the_forks_of_whoever_starts_programs() -> None:
    cygrpc = importlib.import_module("grpc._cython.cygrpc")
    assert not cygrpc._GRPC_ENABLE_FORK_SUPPORT
