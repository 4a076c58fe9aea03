"""What a sandbox imports, and when: the libraries of its pages and observers wait for a request."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.qlara_sandbox.web.calls import QUOTA

WAITING = ("jinja2", "prometheus_client", "sse_starlette")
SCRIPT = f"""
import json, sys
from starlette.testclient import TestClient
from qlara_sandbox.web.app import create_app

client = TestClient(create_app(), base_url="http://localhost")
imported = {{}}
for method, path in (("GET", {QUOTA!r}), ("GET", "/__docs"), ("GET", "/__admin/metrics"),
                     ("HEAD", "/__admin/events")):
    response = client.request(method, path, headers={{"X-Api-Key": "YOUR_API_KEY"}})
    assert response.status_code == 200, response.text
    imported[path] = [name for name in {WAITING!r} if name in sys.modules]
print(json.dumps(imported))
"""


def test_each_library_is_imported_with_the_first_request_that_needs_it() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, check=True)

    assert json.loads(done.stdout) == {
        QUOTA: [],
        "/__docs": ["jinja2"],
        "/__admin/metrics": ["jinja2", "prometheus_client"],
        "/__admin/events": ["jinja2", "prometheus_client", "sse_starlette"],
    }
