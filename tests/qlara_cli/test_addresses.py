"""The addresses that are named are those that work."""

from __future__ import annotations

import socket

from qlara_cli.addresses import hosts_of, reachable, urls


def test_an_address_of_this_machine_is_itself() -> None:
    assert hosts_of("127.0.0.1") == ["127.0.0.1"]


def test_every_interface_is_this_machine_by_all_its_names() -> None:
    assert hosts_of("0.0.0.0")[0] == "127.0.0.1"  # noqa: S104 - asked for, not bound
    assert hosts_of("::")[0] == "::1"
    assert socket.gethostname() in hosts_of("::")


def test_only_what_accepts_a_connection_is_reachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        assert reachable(["127.0.0.1", "127.0.0.2", "no-such-name.invalid"], port) == ["127.0.0.1"]


def test_an_address_of_version_6_stands_in_brackets() -> None:
    assert urls(["::1", "sandbox.test"], 8443, secure=True) == [
        "https://[::1]:8443",
        "https://sandbox.test:8443",
    ]
