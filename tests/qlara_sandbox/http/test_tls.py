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


def trusting(authority: Path | None) -> ssl.SSLContext:
    assert authority is not None
    return ssl.create_default_context(cafile=authority)


def test_a_kept_authority_is_made_once_and_vouches_for_every_run(tmp_path: Path) -> None:
    kept = tmp_path / "ca"
    first, second = (
        tls.issue(_folder(tmp_path, name), ["sandbox.test"], kept) for name in ("one", "two")
    )
    context = trusting(first.authority)

    assert first.authority == second.authority == kept / "authority.pem"
    assert greeted(first, context, "sandbox.test") == greeted(second, context, "localhost")
    assert stat.S_IMODE((kept / "authority-key.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700


def test_an_authority_that_is_incomplete_or_damaged_is_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "ca"
    tls.issue(_folder(tmp_path, "one"), [], kept)
    key = kept / "authority-key.pem"
    key.write_text("damaged")
    with pytest.raises(tls.UnusableCertificate, match="is damaged"):
        tls.issue(_folder(tmp_path, "two"), [], kept)
    assert key.read_text() == "damaged"
    key.unlink()
    with pytest.raises(tls.UnusableCertificate, match="has only one of"):
        tls.issue(_folder(tmp_path, "three"), [], kept)


def test_a_certificate_of_ones_own_is_used_and_its_key_stays(tmp_path: Path) -> None:
    made = tls.issue(tmp_path, ["sandbox.test"])
    mine = tls.own(made.chain, made.key)
    mine.remove_key()

    assert mine.authority is None
    assert greeted(mine, trusting(made.authority), "sandbox.test").startswith("TLS")


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    one, two = (tls.issue(_folder(tmp_path, name), []) for name in ("one", "two"))
    with pytest.raises(tls.UnusableCertificate, match="Expected two PEM files"):
        tls.own(one.chain, two.key)
    with pytest.raises(tls.UnusableCertificate, match="cannot be read: No such file"):
        tls.own(tmp_path / "none.pem", two.key)


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(tls.UnusableCertificate, match="no certificate can be made for"):
        tls.issue(tmp_path, ["not a name"])


def _folder(path: Path, name: str) -> Path:
    made = path / name
    made.mkdir()
    return made
