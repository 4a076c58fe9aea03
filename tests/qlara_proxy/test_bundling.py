"""A bundle: what is in it, and what becomes of an archive that is none, or made to do harm."""

from __future__ import annotations

import json
import stat
import zipfile
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any

import pytest

from qlara_proxy import archive
from qlara_proxy.bundling import Bundle, UnusableBundle, read_bundle
from qlara_proxy.keeping import kept
from qlara_proxy.replaying import replay, sandbox_for
from tests.qlara_proxy.passing import QUOTA, UPLOAD, Deployment, exchange, form
from tests.qlara_proxy.test_recording import play_story

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qlara_proxy.traffic import PassedExchange

    Change = Callable[[dict[str, bytes]], dict[str, bytes]]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "deep" / "traffic.zip"
    one = Bundle("http://deployment.test", secret=b"secret")
    with Deployment(one) as deployment:
        play_story(deployment)
    one.passed(exchange(11, response=None, failure="reset"))
    one.write(path)
    return path


def test_a_bundle_has_a_manifest_a_journal_and_every_exchange(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as file:
        names = {name.partition("/")[0] for name in file.namelist()}
        manifest = json.loads(file.read("manifest.json"))
        journal = json.loads(file.read("journal.har"))["log"]

    assert names == {"manifest.json", "exchanges.jsonl", "journal.har", "bodies"}
    assert [
        manifest[name] for name in ("format", "formatVersion", "personalData", "exchanges")
    ] == ["qlara-sandbox bundle", 1, "replaced", 11]
    assert [entry["response"]["status"] for entry in journal["entries"]] == [
        *[200] * 6,
        400,
        200,
        200,
        404,
        0,
    ]
    assert [path.name for path in bundle.parent.iterdir()] == ["traffic.zip"]


def test_what_is_kept_can_be_read_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "traffic.zip"
    one = Bundle("http://me:secret@deployment.test", keep_data=True)
    headers, body = form(b"\xff\x00 no card", listId="x")
    passed = [
        exchange(
            2,
            "POST",
            UPLOAD,
            key="YOUR_API_KEY",
            headers=headers,
            body=body,
            status=400,
            response=b"\xfe",
        ),
        exchange(1, response=None, failure="reset"),
        exchange(3, key="other-key-1", is_whole=False),
    ]
    for each in passed:
        one.passed(each)

    one.write(path)

    found = read_bundle(path)
    assert [each.number for each in found.exchanges] == [1, 2, 3]
    assert found.exchanges[:2] == [kept(passed[1]), kept(passed[0])]
    assert found.exchanges[2].request.headers == (("X-Api-Key", "YOUR_API_KEY_2"),)
    assert not found.exchanges[2].request.is_whole
    assert found.accounts == {2: 1, 3: 2}
    assert found.manifest["baseUrl"] == "http://deployment.test"
    assert "Kept as they were" in one.notes[0]


ODD = {
    "a method of its own": exchange(1, "M-SEARCH", "/a"),
    "raw bytes in the path": exchange(1, "GET", "/caf\xc3\xa9"),
    "a status that is none": exchange(1, status=999),
    "a status of zeros": exchange(1, status=0),
    "headers that are none": exchange(1, response_headers=[("", "x"), ("X\xff", "a\0b")]),
    "nine hundred headers": exchange(
        1, response_headers=[(f"X-{n}", "a" * 900) for n in range(900)]
    ),
    "a request with as many": exchange(1, headers=[(f"X-{n}", "\xe9" * 200) for n in range(900)]),
}


@pytest.mark.parametrize("passed", ODD.values(), ids=ODD)
@pytest.mark.parametrize("keep_data", [False, True], ids=["replaced", "kept"])
def test_whatever_passed_can_be_read_and_played_back(
    tmp_path: Path, passed: PassedExchange, keep_data: bool
) -> None:
    path = tmp_path / "traffic.zip"
    one = Bundle("http://deployment.test", keep_data)
    one.passed(passed)
    one.write(path)
    found = read_bundle(path)
    with sandbox_for(found) as target:
        tally = replay(found, target)

    assert sum(tally.compared.values()) + sum(tally.not_compared.values()) == 1


def test_errors_whose_words_were_replaced_are_the_same_and_others_are_not(tmp_path: Path) -> None:
    path = tmp_path / "traffic.zip"
    one = Bundle("http://deployment.test")
    with Deployment(one) as deployment:
        deployment.send("GET", "/api/Rossi")
        deployment.send("GET", QUOTA, key="nobody-77")
        deployment.send("POST", UPLOAD, [("Content-Type", "text/rossi")], b"Marco Rossi")
    other = b'{"status":"fail","data":{"apiKey":"Expected a key of the account."}}'
    one.passed(exchange(4, key="nobody-77", status=401, response=other))
    one.write(path)
    found = read_bundle(path)
    with sandbox_for(found) as target:
        tally = replay(found, target)

    assert [(each.kind, each.exchanges) for each in tally.differences()] == [("wording", [4])]


def test_report_files_go_into_the_bundle(tmp_path: Path) -> None:
    path = tmp_path / "traffic.zip"
    one = Bundle("http://deployment.test")
    written = []

    def write_report(outcome: Any, folder: Path) -> None:
        written.append(outcome)
        (folder / "report.json").write_text('{"kept": 3}', encoding="utf-8")
        (folder / "picture.png").write_bytes(b"\x89PNG")

    one.write(path, "outcome", write_report)

    with zipfile.ZipFile(path) as file:
        assert [name for name in file.namelist() if "report" in name] == ["report/report.json"]
        assert file.read("report/report.json") == b'{"kept": 3}'
    assert written == ["outcome"]


def test_a_bundle_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    def fails(_: Any, __: Path) -> None:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        Bundle("http://deployment.test").write(tmp_path / "traffic.zip", "outcome", fails)
    assert list(tmp_path.iterdir()) == []


def rewritten(bundle: Path, tmp_path: Path, change: Change) -> Path:
    """Write the bundle again, with other parts."""
    path = tmp_path / "changed.zip"
    with (
        zipfile.ZipFile(bundle) as before,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name, content in change(
            {name: before.read(name) for name in before.namelist()}
        ).items():
            after.writestr(name, content)
    return path


def line(**values: Any) -> bytes:
    """Return a line of exchanges.jsonl; a field of the request as ``request_target``."""
    request: dict[str, Any] = {
        "method": "GET",
        "target": "/",
        "headers": [],
        "body": None,
        "isWhole": True,
    }
    one = {
        "number": 1,
        "connection": 1,
        "began": 0,
        "seconds": 0,
        "account": None,
        "request": request,
        "response": None,
        "failure": "",
    }
    for name, value in values.items():
        within, _, field = name.rpartition("_")
        (one[within] if within else one)[field] = value  # type: ignore[index]
    return json.dumps(one).encode()


def with_lines(*lines: bytes) -> Change:
    return lambda parts: {**parts, "exchanges.jsonl": b"\n".join(lines)}


def without(name: str) -> Change:
    return lambda parts: {each: content for each, content in parts.items() if each != name}


def also(name: str, content: bytes = b"x") -> Change:
    return lambda parts: {**parts, name: content}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (without("manifest.json"), r"It lacks manifest\.json\."),
        (without("exchanges.jsonl"), r"It lacks exchanges\.jsonl\."),
        (without("bodies/000001-response"), r"It lacks bodies/000001-response\."),
        (also("manifest.json", b"{"), r"manifest\.json: not JSON"),
        (also("manifest.json", b"\xff"), r"manifest\.json: not JSON"),
        (also("manifest.json", b"[" * 60_000), r"manifest\.json: not JSON"),
        (also("manifest.json", b"[]"), r"expected the format 'qlara-sandbox bundle'"),
        (
            also("manifest.json", b'{"format": "qlara-sandbox bundle", "formatVersion": 2}'),
            r"expected version 1 of the format, found 2\.",
        ),
        (also("manifest.json", b" " * 70_000), r"manifest\.json: expected at most 65536 bytes\."),
        (also("../escape"), r"'\.\./escape' is no part of a bundle\."),
        (also("report/../../escape"), r"is no part of a bundle\."),
        (also("/etc/passwd"), r"'/etc/passwd' is no part of a bundle\."),
        (also("C:\\x"), r"is no part of a bundle\."),
        (also("script.sh"), r"'script\.sh' is no part of a bundle\."),
        (also("bodies/999999-request", b"\0" * 70 * 1024 * 1024), r""),
        (with_lines(b"{}"), r"exchanges\.jsonl, line 1: the line is not what a bundle has\."),
        (with_lines(b"nonsense"), r"exchanges\.jsonl, line 1: not JSON"),
        (with_lines(line(), line()), r"line 2: exchange 1 stands twice\."),
        (with_lines(line(number=0)), r"line 1: number is not what a bundle has\."),
        (with_lines(line(began=float("nan"))), r"line 1: not JSON: NaN is no number\."),
        (with_lines(line(request_target="/\r\nHost: x")), r"line 1: request\.target is not"),
        (with_lines(line(request_target="//\u202e")), r"line 1: request\.target is not"),
        (with_lines(line(request_method="GET / HTTP")), r"line 1: request\.method is not"),
        (
            with_lines(line(request_headers=[["a", "b\r\nc: d"]])),
            r"line 1: request\.headers\.0\.1 is not",
        ),
        (
            with_lines(line(request_headers=[["a b", "c"]])),
            r"line 1: request\.headers\.0\.0 is not",
        ),
        (with_lines(line(request_body="manifest.json")), r"names 'manifest\.json' as a body"),
        (with_lines(line(request_body="../../etc/passwd")), r"as a body"),
        (
            with_lines(line(request_body="bodies/000777-request")),
            r"It lacks bodies/000777-request\.",
        ),
        (with_lines(line(failure="x" * 9_000_000)), r"line 1: expected at most 8388608 bytes\."),
        (
            with_lines(line(request_headers=[["Accept", "\ud800"]])),
            r"line 1: a text in it has half a character\.",
        ),
        (
            with_lines(b'{"number": ' + b"9" * 5000 + b"}"),
            r"not JSON: a number in it is too long\.",
        ),
        (with_lines(b"[" * 200_000), r"line 1: not JSON: it is too deep\."),
    ],
)
def test_an_archive_that_is_wrong_is_refused_with_what_was_expected(
    bundle: Path, tmp_path: Path, change: Change, expected: str
) -> None:
    if not expected:  # a part that nobody asks for is not read
        assert len(read_bundle(rewritten(bundle, tmp_path, change)).exchanges) == 11
        return
    path = rewritten(bundle, tmp_path, change)

    with pytest.raises(UnusableBundle, match=expected) as error:
        read_bundle(path)

    assert str(error.value).startswith(f"{path}: ")


def test_a_body_that_grows_without_end_is_not_read(bundle: Path, tmp_path: Path) -> None:
    bomb = with_lines(line(request_body="bodies/000001-request"))
    path = rewritten(
        bundle,
        tmp_path,
        lambda parts: {**bomb(parts), "bodies/000001-request": b"\0" * 68 * 1024 * 1024},
    )

    assert path.stat().st_size < 1_000_000
    with pytest.raises(UnusableBundle, match="expected at most 67108864 bytes"):
        read_bundle(path)


def test_all_bodies_together_are_bounded(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_LARGEST_IN_ALL", 5_000)

    with pytest.raises(UnusableBundle, match="expected at most"):
        read_bundle(bundle)


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"nonsense" * 100])
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "traffic.zip"
    path.write_bytes(content)

    with pytest.raises(UnusableBundle):
        read_bundle(path)
    with pytest.raises(UnusableBundle, match="cannot be read"):
        read_bundle(tmp_path)


def test_a_symbolic_link_and_a_part_that_stands_twice_are_refused(
    bundle: Path, tmp_path: Path
) -> None:
    link = zipfile.ZipInfo("bodies/000099-request")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    twice = zipfile.ZipInfo("manifest.json")
    for info, expected in ((link, "is a symbolic link"), (twice, "stands twice in it")):
        path = rewritten(bundle, tmp_path, lambda parts: parts)
        with pytest.warns() if info is twice else nullcontext(), zipfile.ZipFile(path, "a") as file:
            file.writestr(info, "/etc/passwd")
        with pytest.raises(UnusableBundle, match=expected):
            read_bundle(path)


def test_damage_anywhere_is_told_or_changes_nothing(bundle: Path, tmp_path: Path) -> None:
    whole = bundle.read_bytes()
    path = tmp_path / "traffic.zip"
    for at in range(0, len(whole), max(1, len(whole) // 150)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with suppress(UnusableBundle):
            read_bundle(path)


def test_a_refusal_that_names_an_id_is_the_same_when_it_is_played_back(tmp_path: Path) -> None:
    path = tmp_path / "traffic.zip"
    bundle = Bundle("http://deployment.test")
    with Deployment(bundle) as deployment:
        deployment.read("nope")
        deployment.read("list_crm_migration", "?limit=0")
        deployment.upload(b"BEGIN:VCARD\r\nEND:VCARD\r\n", listId="x y")
    bundle.write(path)
    read = read_bundle(path)
    with sandbox_for(read) as target:
        tally = replay(read, target)

    assert (tally.differences(), sum(tally.same.values())) == ([], 3)


def test_a_body_that_is_compressed_in_an_unknown_way_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "traffic.zip"
    bundle = Bundle("http://deployment.test")
    compressed = (("Content-Type", "application/json"), ("Content-Encoding", "br"))
    content = b'\x8b\r\x80{"name": "Zebedaeus"}'
    bundle.passed(exchange(1, key="some-key", response=content, response_headers=compressed))
    bundle.write(path)

    [one] = read_bundle(path).exchanges
    assert one.response is not None
    assert (one.response.headers, one.response.body) == (compressed, b"")
    assert not one.response.is_whole
