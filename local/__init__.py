"""The whole system on one machine: embedded Postgres and Redis, emulated providers, five services."""

import os

# Programs are started here while gRPC is in use, by a fork where Python has no vfork. gRPC's own fork handlers abort
# some of the children before they become what they are to be, and no child of ours goes on with gRPC.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
