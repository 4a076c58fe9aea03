"""Whether a connection would come to a command's own socket."""

from __future__ import annotations

from contextlib import closing

import pytest

from qlara_cli.listening import leads_to, listen


@pytest.mark.parametrize(
    ("own", "host", "expected"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "localhost", True),
        ("127.0.0.1", "0.0.0.0", True),  # noqa: S104 - where to, not where from
        ("127.0.0.1", "127.0.0.2", False),
        ("0.0.0.0", "127.0.0.1", True),  # noqa: S104 - for a moment
        ("0.0.0.0", "127.9.9.9", True),  # noqa: S104
        ("0.0.0.0", "192.0.2.1", False),  # noqa: S104 - RFC 5737
        ("127.0.0.1", "no-such-host.invalid", False),
    ],
)
def test_a_connection_leads_back_however_the_address_is_written(
    own: str, host: str, expected: bool
) -> None:
    with closing(listen(own, 0, "x")) as listener:
        port = listener.getsockname()[1]

        assert leads_to(listener, host, port) is expected
        assert not leads_to(listener, host, port + 1)
