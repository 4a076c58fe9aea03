"""Whatever a deployment responds, and whatever a client sends: it can be recorded, bundled and read again."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, given, settings, strategies as st

from qlara_proxy import beginning
from qlara_proxy.bundling import Bundle, read_bundle
from qlara_proxy.recording import Recording
from qlara_proxy.sandbox import load_scenario
from tests.qlara_proxy.passing import QUOTA, UPLOAD, exchange, form, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEXT = st.text(max_size=12) | st.sampled_from(
    [
        "+393471234567",
        "Marco Rossi",
        "list_a",
        "2026-04-09T11:00:15+02:00",
        "\ud800",
        "a\0b",
        "'; rm -rf /",
        "20260409T110010Z",
    ]
)
_NUMBER = st.integers(-3, 30) | st.sampled_from([10**6, 10**9, 10**25, True, None, 1.5])
_ANY = st.recursive(
    _TEXT | _NUMBER,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_CONTACT = st.fixed_dictionaries(
    {
        "phoneNumber": st.sampled_from(
            ["+393471234567", "+393471234568", "+447911123456", "347", None]
        )
    },
    optional={"name": _ANY, "contactId": _ANY, "email": _ANY, "tags": _ANY, "createdAt": _ANY},
)
_PAGE = st.fixed_dictionaries(
    {
        "listId": st.sampled_from(["list_a", "list_b", "not an id"]),
        "contacts": st.lists(_CONTACT | _ANY, max_size=4),
        "total": _NUMBER,
    },
    optional={"page": _NUMBER, "hasMore": _ANY},
)
_PLAN = st.fixed_dictionaries(
    {}, optional={"used": _NUMBER, "total": _NUMBER, "available": _NUMBER}
)
_REPORT = st.fixed_dictionaries(
    {},
    optional={
        "listId": st.sampled_from(["list_a", "list_new"]) | _ANY,
        "importId": _ANY,
        "summary": st.dictionaries(st.sampled_from(["total", "imported", "duplicates"]), _NUMBER)
        | _ANY,
        "completedAt": _ANY,
        "errors": _ANY,
    },
)
_FILE = st.sampled_from(
    [b"", b"no card", b"BEGIN:VCARD\nVERSION:3.0\nFN:A\nTEL:3471234567\nEND:VCARD\n"]
) | st.binary(max_size=30)
_FIELDS = st.dictionaries(
    st.sampled_from(["listId", "listName", "duplicateStrategy", "tags", "x"]),
    st.text("ab'$\"\\;@<\n", max_size=6),
    max_size=3,
)


def _octets(value: Any) -> bytes:
    return json.dumps(value).encode()


_READS = st.builds(
    lambda body, query: (listed("list_a", query), _octets(body)),
    _PAGE,
    st.sampled_from(["", "?limit=2", "?page=2&limit=99999999999"]),
)
_QUOTAS = st.builds(lambda body: (QUOTA, _octets(body)), _PLAN | _ANY)
_UPLOADS = st.tuples(_FILE, _FIELDS, _REPORT | _ANY, st.sampled_from([200, 200, 201, 400, 409]))


@pytest.fixture(scope="module", autouse=True)
def _small_accounts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beginning, "MOST_CONTACTS", 50)
        yield


# Not shrunk: each example starts a sandbox.
@settings(max_examples=30, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.lists(_READS | _QUOTAS | _UPLOADS, max_size=6))
def test_anything_can_be_recorded_and_bundled(passed: list[Any]) -> None:
    recording = Recording("http://deployment.test", secret=b"secret")
    bundle = Bundle("http://deployment.test", secret=b"secret")
    for number, one in enumerate(passed, start=1):
        if len(one) == 2:
            made = exchange(number, target=one[0], key="some-key", response=one[1])
        else:
            file, fields, report, status = one
            headers, body = form(file, **fields)
            made = exchange(
                number,
                "POST",
                UPLOAD,
                key="some-key",
                headers=headers,
                body=body,
                status=status,
                response=_octets(report),
            )
        recording.passed(made)
        bundle.passed(made)

    with TemporaryDirectory() as name:
        written = recording.write(Path(name) / "mine.yaml")
        bundle.write(Path(name) / "mine.zip")

        assert load_scenario(written[0]).name == "mine"
        assert len(read_bundle(Path(name) / "mine.zip").exchanges) == len(passed)
