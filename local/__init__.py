"""The whole system on one machine: embedded Postgres and Redis, emulated providers, five services."""
