"""Programs that are started while gRPC is in use."""

from grpc._cython import cygrpc


def test_grpc_stays_out_of_the_forks_of_whoever_starts_programs() -> None:
    assert not cygrpc._GRPC_ENABLE_FORK_SUPPORT
