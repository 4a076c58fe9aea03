"""Certificates that are made on the fly, and who trusts them."""

from __future__ import annotations

import socket
import ssl
import stat
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from qlara_sandbox import resources
from qlara_sandbox.http import tls
from qlara_sandbox.http.contract import Contract

if TYPE_CHECKING:
    from pathlib import Path

HOST = "lora-api.agiletelecom.com"


def greeted(certificates: tls.Certificates, client: ssl.SSLContext, name: str) -> str:
    """Return the TLS version that a client speaks with a server of these certificates."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificates.chain, certificates.key)
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except OSError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(ours, server_hostname=name) as connection:
            return connection.version() or ""
    finally:
        ours.close()
        thread.join()


@pytest.mark.parametrize("name", [HOST, "localhost", "127.0.0.1", "::1"])
def test_who_trusts_the_authority_trusts_the_server_under_each_of_its_names(
    tmp_path: Path, name: str
) -> None:
    certificates = tls.issue(tmp_path, [HOST])
    client = ssl.create_default_context(cafile=certificates.authority)

    assert greeted(certificates, client, name).startswith("TLS")


def test_another_name_is_not_vouched_for_and_another_authority_not_trusted(tmp_path: Path) -> None:
    certificates = tls.issue(tmp_path, [HOST])
    trusting = ssl.create_default_context(cafile=certificates.authority)

    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        greeted(certificates, trusting, "example.com")
    with pytest.raises(
        ssl.SSLCertVerificationError, match=r"unable to get local issuer|self-signed"
    ):
        greeted(certificates, ssl.create_default_context(), HOST)


def test_the_key_is_for_its_owner_only_and_the_authoritys_key_is_not_written(
    tmp_path: Path,
) -> None:
    certificates = tls.issue(tmp_path, [HOST])

    assert stat.S_IMODE(certificates.key.stat().st_mode) == 0o600
    keys = [path for path in tmp_path.iterdir() if "PRIVATE KEY" in path.read_text("utf-8")]
    assert keys == [certificates.key]


def test_without_trustme_it_is_said_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)

    with pytest.raises(tls.TlsUnavailable, match=r"pip install '\.\[tls\]'"):
        tls.issue(tmp_path, [HOST])


def test_the_documented_host_is_the_one_that_the_contract_names() -> None:
    assert tls.documented_hosts(Contract(resources.SPEC)) == (HOST,)
