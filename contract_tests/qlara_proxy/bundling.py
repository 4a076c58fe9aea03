"""Traffic, report and journal in one archive, to be sent to the vendor and played back.

The archive is a zip file: ``manifest.json`` says what it is; ``exchanges.jsonl`` has one exchange a line, whose
bodies are files in ``bodies/``; ``journal.har`` is the same for other tools; ``report/`` holds the report files.
"""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from qlara_proxy.archive import FORMAT, FORMAT_VERSION, UnusableBundle, opened
from qlara_proxy.fictional.exchanges import Fiction
from qlara_proxy.keeping import KeptExchange, KeptRequest, KeptResponse, KeptTraffic, kept
from qlara_proxy.region import region_of
from qlara_proxy.sandbox import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qlara_proxy.traffic import PassedExchange, RawHeaders

__all__ = ["Bundle", "ReadBundle", "UnusableBundle", "read_bundle"]

_FIRST_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_TEXT_IN_JOURNAL = 100_000
_READABLE = frozenset(
    {".html", ".json", ".xml", ".md", ".txt", ".har", ".svg", ".sh", ".yaml", ".css", ".js"}
)


class Bundle:
    """Watches traffic to *base_url*. Personal data is replaced unless ``keep_data``; keys always are masked.

    *secret* decides what personal data becomes; without one it is chance. ``notes`` say what is to be known of what
    was written.
    """

    def __init__(
        self, base_url: str, keep_data: bool = False, *, secret: bytes | None = None
    ) -> None:
        self.base_url = base_url
        self.keep_data = keep_data
        self.notes: list[str] = []
        self._secret = secret
        self._kept = KeptTraffic()

    def passed(self, exchange: PassedExchange) -> None:
        """Take note of an exchange that is over."""
        self._kept.add(kept(exchange))

    def close(self) -> None:
        """Let go of the traffic."""
        self._kept.close()

    def write(
        self,
        path: Path,
        outcome: object = None,
        write_report: Callable[[Any, Path], object] | None = None,
    ) -> None:
        """Write the archive, with the report files that *write_report* makes of *outcome* in a folder.

        Raises:
            OSError: it cannot be written.
        """
        fiction = Fiction(self._secret, region=region_of(self._kept), keep_data=self.keep_data)
        fiction.learn(self._kept)
        # Written beside it first: whoever looks sees all of it, or nothing.
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}-", dir=path.parent)
        partial = Path(name)
        try:
            with (
                os.fdopen(handle, "wb") as file,
                zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
            ):
                self._write(archive, fiction)
                if outcome is not None and write_report is not None:
                    _write_report(archive, fiction, lambda folder: write_report(outcome, folder))
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        self.notes = [_what_is_kept(keep_data=self.keep_data)]
        if self._kept.left_out:
            self.notes.append(
                f"Exchanges left out, since there is no room for them: {self._kept.left_out}."
            )

    def _write(self, archive: zipfile.ZipFile, fiction: Fiction) -> None:
        accounts: dict[str, int] = {}
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8") as lines,
            tempfile.TemporaryFile("w+", encoding="utf-8") as journal,
        ):
            for each in self._kept:
                account = accounts.setdefault(each.key, len(accounts) + 1) if each.key else None
                one = fiction.exchange(each)
                lines.write(json.dumps(_line(archive, one, account)) + "\n")
                journal.write(json.dumps(_entry(one)) + "\n")
            for file in (lines, journal):
                file.seek(0)
            with archive.open(_info("exchanges.jsonl"), "w", force_zip64=True) as part:
                part.writelines(map(str.encode, lines))
            _write_journal(archive, journal)
        manifest = {
            "format": FORMAT,
            "formatVersion": FORMAT_VERSION,
            "productVersion": VERSION,
            "writtenAt": datetime.now(UTC).isoformat(timespec="seconds"),
            "baseUrl": fiction.secrets.masked(_without_user(self.base_url))
            if self.keep_data
            else None,
            "personalData": "kept" if self.keep_data else "replaced",
            "about": _what_is_kept(keep_data=self.keep_data),
            "accounts": len(accounts),
            "exchanges": len(self._kept),
            "leftOut": self._kept.left_out,
        }
        _add(archive, "manifest.json", json.dumps(manifest, indent=2).encode())


@dataclass(frozen=True)
class ReadBundle:
    """What an archive holds. Keys are masked: ``accounts`` tells which exchanges are of one, by their number."""

    manifest: dict[str, Any]
    exchanges: list[KeptExchange]
    accounts: dict[int, int]


def read_bundle(path: Path) -> ReadBundle:
    """Return what an archive holds; nothing of it is unpacked to the disk.

    Raises:
        UnusableBundle: it is none, it is damaged or not from here; the message says what was expected.
    """
    with opened(path) as archive:
        exchanges, accounts = [], {}
        for one in archive.exchanges():
            exchange = _read(one, archive.body)
            exchanges.append(exchange)
            if one["account"] is not None:
                accounts[exchange.number] = one["account"]
        return ReadBundle(archive.manifest, exchanges, accounts)


def _line(archive: zipfile.ZipFile, one: KeptExchange, account: int | None) -> dict[str, Any]:
    request, response = one.request, one.response
    return {
        "number": one.number,
        "connection": one.connection,
        "began": one.began,
        "seconds": one.seconds,
        "account": account,
        "request": {
            "method": request.method,
            "target": request.target,
            **_message(archive, request, f"bodies/{one.number:06}-request"),
        },
        "response": response
        and {
            "status": response.status,
            "reason": response.reason,
            **_message(archive, response, f"bodies/{one.number:06}-response"),
        },
        "failure": one.failure,
    }


def _message(
    archive: zipfile.ZipFile, message: KeptRequest | KeptResponse, name: str
) -> dict[str, Any]:
    if message.body:
        _add(archive, name, message.body)
    return {
        "headers": message.headers,
        "body": name if message.body else None,
        "isWhole": message.is_whole,
    }


def _read(line: dict[str, Any], body: Callable[[str | None], bytes]) -> KeptExchange:
    request, response = line["request"], line["response"]
    answered = response and KeptResponse(
        response["status"],
        response["reason"],
        _headers(response["headers"]),
        body(response["body"]),
        response["isWhole"],
    )
    return KeptExchange(
        line["number"],
        line["connection"],
        line["began"],
        line["seconds"],
        KeptRequest(
            request["method"],
            request["target"],
            _headers(request["headers"]),
            body(request["body"]),
            request["isWhole"],
        ),
        answered,
        line["failure"],
    )


def _headers(found: list[list[str]]) -> RawHeaders:
    return tuple((name, value) for name, value in found)


def _entry(one: KeptExchange) -> dict[str, Any]:
    """Return an exchange as an entry of a HAR 1.2 log."""
    request, response = one.request, one.response
    milliseconds = round(one.seconds * 1000, 3)
    query = parse_qsl(urlsplit(request.target).query, keep_blank_values=True)
    entry: dict[str, Any] = {
        "startedDateTime": datetime.fromtimestamp(one.began, UTC).isoformat(
            timespec="milliseconds"
        ),
        "time": milliseconds,
        "request": {
            "method": request.method,
            "url": f"http://deployment.invalid{request.target}",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _records(request.headers),
            "queryString": _records(query),
            "headersSize": -1,
            "bodySize": len(request.body),
        },
        "response": {
            "status": response.status if response else 0,
            "statusText": response.reason if response else "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _records(response.headers if response else ()),
            "content": _content(response),
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": len(response.body) if response else -1,
        },
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "connection": str(one.connection),
        "comment": one.failure,
    }
    if request.body:
        text = request.body[:_TEXT_IN_JOURNAL].decode("utf-8", "replace")
        entry["request"]["postData"] = {"mimeType": request.media_type, "text": text}
    return entry


def _content(response: KeptResponse | None) -> dict[str, Any]:
    body = response.body if response else b""
    content = {"size": len(body), "mimeType": response.media_type if response else ""}
    try:
        return {**content, "text": body[:_TEXT_IN_JOURNAL].decode()}
    except UnicodeDecodeError:
        return {
            **content,
            "text": b64encode(body[:_TEXT_IN_JOURNAL]).decode(),
            "encoding": "base64",
        }


def _records(pairs: Any) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _write_journal(archive: zipfile.ZipFile, entries: Iterator[str]) -> None:
    creator = json.dumps({"name": "qlara-sandbox proxy", "version": VERSION})
    with archive.open(_info("journal.har"), "w", force_zip64=True) as file:
        file.write(b'{"log": {"version": "1.2", "creator": ' + creator.encode() + b', "entries": [')
        for number, entry in enumerate(entries):
            file.write((",\n" if number else "\n").encode() + entry.rstrip("\n").encode())
        file.write(b"\n]}}\n")


def _write_report(
    archive: zipfile.ZipFile, fiction: Fiction, write_report: Callable[[Path], object]
) -> None:
    """Add the report files. What they show of the traffic is replaced, too; what is no text is left out."""
    with tempfile.TemporaryDirectory(prefix="qlara-report-") as name:
        folder = Path(name)
        write_report(folder)
        for file in sorted(folder.rglob("*")):
            is_readable = (
                file.suffix.lower() in _READABLE and file.is_file() and not file.is_symlink()
            )
            if is_readable:
                text = file.read_text(encoding="utf-8", errors="replace")
                inside = file.relative_to(folder).as_posix()
                _add(archive, f"report/{inside}", fiction.scrubbed(text).encode())


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(_info(name), content)


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _FIRST_ZIP_DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info


def _without_user(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _what_is_kept(*, keep_data: bool) -> str:
    if keep_data:
        return (
            "Kept as they were: bodies, headers and request lines, with names, numbers, mail addresses and the "
            "uploaded files. API keys, cookies and credentials are masked."
        )
    return (
        "Personal data is replaced: names, numbers, addresses, tags and list names are invented. API keys, cookies "
        "and credentials are masked."
    )
