"""TLS to the deployment: trusted as it should be, and said in a sentence if it is not."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import httpx2 as httpx

from tests.qlara_proxy.commands import ended, proxying
from tests.server import serving

if TYPE_CHECKING:
    from pathlib import Path

QUOTA = "/api/v1/partner-gateway/subscription/contacts"
KEY = {"X-Api-Key": "YOUR_API_KEY"}


def test_a_deployment_with_tls_is_reached_if_its_authority_is_trusted(tmp_path: Path) -> None:
    with serving("--tls-authority", str(tmp_path)) as sandbox:
        [authority] = re.findall(r"Trust in your client: (\S+)", sandbox.banner)
        with proxying(sandbox.url, "--quiet", "--ca-file", authority) as proxy:
            trusted = httpx.get(f"{proxy.url}{QUOTA}", headers=KEY)
            large = httpx.post(f"{proxy.url}/api/none", content=bytes(3_000_000), headers=KEY)
        with proxying(sandbox.url) as proxy:
            untrusted = httpx.get(f"{proxy.url}{QUOTA}", headers=KEY)
            log = ended(proxy).log
        with proxying(sandbox.url, "--quiet", "--insecure") as proxy:
            insecure = httpx.get(f"{proxy.url}{QUOTA}", headers=KEY)
            warned = ended(proxy).log

    assert (trusted.status_code, large.status_code) == (200, 404)
    assert (untrusted.status_code, untrusted.headers["x-sandbox-proxy"]) == (502, "unreachable")
    message = json.loads(untrusted.text)["message"]
    assert message.startswith(
        f"The deployment at {sandbox.url} has a certificate that is not trusted: "
    )
    assert re.search(r"  0  GET .*certificate that is not trusted", log)
    assert insecure.status_code == 200
    assert warned.startswith("--insecure: the certificate of the deployment is not checked.")
