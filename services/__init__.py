"""The five services; each meets the others only over gRPC."""
