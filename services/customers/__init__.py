"""The truth about borrowers and their calls. The only service that holds the password of Postgres."""

import os

# Files are checked by a program, which uvloop starts by a fork; there gRPC's own handlers crash one child in twenty.
# Read when grpc is first imported, so it stands here, before everything else of the service.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
