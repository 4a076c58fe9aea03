"""What a deployment sends is bounded and shown harmlessly; a gateway's password is shown nowhere."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from qlara_cli.examples import examples
from qlara_contract.contract import contract
from qlara_contract.promises import QUOTA
from qlara_contract.untrusted import LONGEST_BODY
from qlara_examples.relay import Relay, RelayTarget
from tests.qlara_contract.deployments import SECRET
from tests.qlara_contract.test_untrusted import deployment

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

pytestmark = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("bash", "curl", "jq")),
    reason="needs bash, curl and jq",
)

PATH = contract().path_of(QUOTA)
JSON = {"Content-Type": "application/json"}
PAGE = f"""\
```bash
curl -s -u page:own https://lora-api.agiletelecom.com{PATH} -H "X-Api-Key: YOUR_API_KEY"
```

```json
{{"used": 1, "total": 2}}
```
"""


def run(url: str, folder: Path) -> tuple[Result, list[str]]:
    """Run the page against a deployment; return the result, and all that was printed or written."""
    (folder / "page.md").write_text(PAGE, encoding="utf-8")
    words = ["--base-url", url, "--api-key", SECRET, "--report", str(folder / "report"), "--yes"]
    result = CliRunner().invoke(examples, [*words, str(folder / "page.md")])
    written = [path.read_text(encoding="utf-8") for path in (folder / "report").iterdir()]
    return result, [result.output, *written]


@pytest.mark.parametrize(
    ("password", "in_url", "header"),
    [
        ("correct-horse", "correct-horse", "Basic YW5uYTpjb3JyZWN0LWhvcnNl"),
        ('ho"rse&<ß>', "ho%22rse%26%3C%C3%9F%3E", "Basic YW5uYTpobyJyc2UmPMOfPg=="),
    ],
)
def test_user_and_password_of_a_gateway_are_sent_and_shown_nowhere(
    tmp_path: Path, password: str, in_url: str, header: str
) -> None:
    seen = set()

    def respond(_: str, headers: dict[str, str]) -> tuple[dict[str, str], bytes]:
        seen.add(headers.get("authorization", ""))
        body = {"used": 1, "total": f"it is {password}", "echo": headers}
        return JSON, json.dumps(body).encode()

    with deployment(respond) as url:
        result, texts = run(url.replace("http://", f"http://anna:{in_url}@"), tmp_path)

    assert result.exit_code == 1
    assert seen == {header}
    assert "total: the page has" in result.output
    escaped = json.dumps(password)[1:-1]
    for text in texts:
        for secret in (password, escaped, in_url, "&lt;ß", header.removeprefix("Basic "), SECRET):
            assert secret not in text


def test_no_control_characters_of_a_deployment_reach_a_terminal_or_a_report(tmp_path: Path) -> None:
    hostile = "\x1b]0;owned\x07\x1b[31m\u202e\x9b2J"

    def respond(_: str, __: dict[str, str]) -> tuple[dict[str, str], bytes]:
        body = {"used": 1, "total": hostile, hostile: hostile}
        return JSON, json.dumps(body, ensure_ascii=False).encode()

    with deployment(respond) as url:
        result, texts = run(url, tmp_path)

    assert result.exit_code == 1
    for text in texts:
        assert not set(text) & set("\x1b\x07\u202e\x9b")


def test_a_response_that_is_too_large_is_not_relayed() -> None:
    body = b'"' + b"0" * LONGEST_BODY + b'"'
    with deployment(lambda *_: (JSON, body)) as url:
        relay = Relay(RelayTarget(url))
        with pytest.raises(Exception, match="the body of the response is too large"):
            relay.relay("GET", PATH, (), b"")

    assert relay.take() == ()
