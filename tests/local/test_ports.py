"""Ports for a system on this machine."""

import socket
from dataclasses import astuple
from pathlib import Path

from local.system import Ports

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_two_systems_get_ports_of_their_own_that_no_connection_takes_before_they_do() -> None:
    first, second = astuple(Ports.free()), astuple(Ports.free())
    assert len({*first, *second}) == 2 * len(first)
    lowest = int(RANGE.read_text().split()[0]) if RANGE.exists() else 32768
    assert max(*first, *second) < lowest


def test_a_port_that_is_listened_on_is_not_given() -> None:
    taken = Ports.free().dashboard
    with socket.create_server(("127.0.0.1", taken)):
        assert taken not in {port for _ in range(400) for port in astuple(Ports.free())}
