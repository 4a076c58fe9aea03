"""Traffic as a scenario file: with it the sandbox answers the reads that were recorded.

The scenario is what the account held when the recording began: its ``try`` lines send the recorded uploads, and
so lead to the reads that came after them.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, available_timezones

import yaml

from qlara_contract.contract import contract
from qlara_contract.forms import FormPart
from qlara_contract.report.counting import counted
from qlara_proxy.beginning import (
    LIST,
    MOST_CONTACTS,
    NOT_SEEN,
    QUOTA,
    UPLOAD,
    beginning,
    moment,
)
from qlara_proxy.fictional.exchanges import Fiction
from qlara_proxy.fictional.vocabulary import ENUMERATED, FILE_NAME
from qlara_proxy.keeping import KeptExchange, KeptTraffic, kept
from qlara_proxy.region import region_of
from qlara_proxy.sandbox import (
    OVERLAYS,
    USUAL_REGION,
    InvalidScenario,
    RunningSandbox,
    conventions_under,
    load_scenario,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qlara_proxy.beginning import Beginning, RecordedList, Upload
    from qlara_proxy.traffic import PassedExchange

_FILES = "files"
_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_LIST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ODD_FIELD = re.compile(r"[\"\\@<;$`!\r\n]|^\s|\s$")
_USUAL_ZONES = ("Europe/Rome", "UTC", "Europe/London", "America/New_York", "Asia/Kolkata")
_USUAL_TOTAL = 50_000
_FIELDS = ("listId", "listName", "duplicateStrategy", "tags", FILE_NAME)
# What depends on who asks and how often: a scenario does not say it.
_NOT_PLAYED = frozenset({401, 403, 429})


class Recording:
    """Watches traffic to *base_url*. Personal data is replaced unless ``keep_data``; keys always are.

    *overlay* is the file of an OpenAPI Overlay that the deployment keeps, which the scenario then names. *secret*
    decides what personal data becomes; without one it is chance. ``notes`` say what is to be known of what was
    written.
    """

    def __init__(
        self,
        base_url: str,
        keep_data: bool = False,
        *,
        overlay: Path | None = None,
        secret: bytes | None = None,
    ) -> None:
        self.base_url = base_url
        self.keep_data = keep_data
        self.notes: list[str] = []
        self._overlay = overlay
        self._secret = secret
        self._kept = KeptTraffic()

    def passed(self, exchange: PassedExchange) -> None:
        """Take note of an exchange that is over."""
        self.keep(kept(exchange))

    def keep(self, exchange: KeptExchange) -> None:
        """Take note of an exchange whose bodies are at hand."""
        path = exchange.request.target.partition("?")[0]
        if exchange.response and contract().operation_of(exchange.request.method, path):
            self._kept.add(exchange)

    def write(self, path: Path) -> list[Path]:
        """Write a scenario file for each account, and the uploads in the folder ``files`` beside it.

        The account with the most requests is in *path*, the others in files with a number behind its name. Return
        what was written.

        Raises:
            OSError: a file cannot be written.
            InvalidContract: the overlay cannot be used.
        """
        path = path.with_name(f"{_NAME.sub('-', path.stem).strip('-') or 'recorded'}.yaml")
        conventions = conventions_under(self._overlay)
        keys = self._accounts()
        region = region_of(self._kept, conventions.region)
        fiction = Fiction(self._secret, region=region, keep_data=self.keep_data)
        fiction.learn(self._kept)
        self.notes = [_what_is_kept(keep_data=self.keep_data)]
        if self._kept.left_out:
            self.notes.append(
                f"{counted(self._kept.left_out, 'exchange')} left out: there was no room."
            )
        if len(keys) > 1:
            self.notes.append(f"{len(keys)} API keys were used: one scenario for each.")
        path.parent.mkdir(parents=True, exist_ok=True)
        overlay = self._write_overlay(path)
        written = [path.parent / overlay] if overlay and overlay.endswith(".yaml") else []
        for number, key in enumerate(keys or [""], start=1):
            own = path if number == 1 else path.with_name(f"{path.stem}-{number}.yaml")
            exchanges = (each for each in self._kept if each.key == key)
            found = beginning(exchanges, region, conventions)
            # An import that takes time to be seen never would be, if the clock stood still.
            clock_runs = bool(conventions.settle or conventions.quota_settle)
            writing = _Writing(fiction, found, own, overlay, region, clock_runs=clock_runs)
            written += writing.write()
            self.notes += writing.notes
        return written

    def close(self) -> None:
        """Let go of the traffic."""
        self._kept.close()

    def _accounts(self) -> list[str]:
        """Return the keys that were accepted, the one with the most requests first."""
        counts: Counter[str] = Counter()
        for each in self._kept:
            if (
                each.response
                and each.response.status < 500
                and each.response.status not in _NOT_PLAYED
            ):
                counts[each.key] += 1
        return [key for key, _ in counts.most_common()]

    def _write_overlay(self, path: Path) -> str:
        """Return what the scenario names as its overlay, which is then beside it; nothing without one."""
        if self._overlay is None:
            return ""
        if self._overlay.resolve().parent == OVERLAYS.resolve():
            return self._overlay.stem
        name = f"{path.stem}-overlay.yaml"
        shutil.copyfile(self._overlay, path.parent / name)
        return name


class _Writing:
    """Writes the scenario of one account."""

    def __init__(
        self,
        fiction: Fiction,
        found: Beginning,
        path: Path,
        overlay: str,
        region: str,
        *,
        clock_runs: bool,
    ) -> None:
        self._fiction = fiction
        self._found = found
        self._path = path
        self._overlay = overlay
        self._region = region
        self._clock_runs = clock_runs
        self.notes: list[str] = []

    def write(self) -> list[Path]:
        """Write the files and return them."""
        folder = self._path.parent / _FILES
        uploads: list[Path] = []
        steps: list[tuple[str, str]] = []
        played = [*filter(_is_played, self._found.uploads)]
        digits = max(2, len(str(len(played))))  # in the order of their names
        for upload in played:
            if upload.form.file is None:
                continue
            folder.mkdir(exist_ok=True)
            target = folder / f"{self._path.stem}-{len(uploads) + 1:0{digits}}.vcf"
            target.write_bytes(self._fiction.file(upload.form.file))
            uploads.append(target)
            steps.append((self._said(upload), self._curl(upload, target.name)))
        left_out = len(self._found.uploads) - len(uploads)
        if left_out:
            self.notes.append(
                f"{counted(left_out, 'upload')} not in the try lines: no file, too much, or a response that a scenario does not decide about."
            )
        document = self._document()
        self._write_document(document, [*steps, *self._reads()])
        statuses = self._played(uploads)
        steps = [
            (said.replace("STATUS", str(status)), curl)
            for (said, curl), status in zip(steps, statuses, strict=True)
        ]
        self._write_document(document, [*steps, *self._reads()])
        return [self._path, *uploads]

    def _write_document(self, document: dict[str, Any], steps: list[tuple[str, str]]) -> None:
        document = {**document, "try": "".join(f"# {said}\n{curl}\n" for said, curl in steps)}
        order = [*_ORDER, *(name for name in document if name not in _ORDER)]
        text = yaml.dump(
            {name: document[name] for name in order if name in document},
            Dumper=_ScenarioDumper,
            sort_keys=False,
            allow_unicode=True,
            width=1000,
        )
        comments = "".join(f"# {line}\n" for line in self._comments())
        self._path.write_text(comments + text, encoding="utf-8")
        try:
            load_scenario(self._path)
        except InvalidScenario as error:  # a bug of ours
            raise RuntimeError(str(error)) from error

    def _comments(self) -> Iterator[str]:
        found = self._found
        yield f"Recorded by qlara-sandbox proxy on {datetime.now(UTC):%Y-%m-%d}."
        yield _what_is_kept(keep_data=self._fiction.keep_data)
        yield "It is what the account held at the beginning; the try lines send the recorded uploads."
        if found.made_up:
            yield f"{counted(found.made_up, 'contact')} of its lists no read showed: they are made up (generate)."
        if found.guessed:
            yield f"Imports met {counted(found.guessed, 'contact')} that no read showed: which ones is a guess."
        if found.not_seen:
            yield f"Where the lists have no room for them, they are in {NOT_SEEN}."
        if found.cut_short:
            yield f"A list has more than {MOST_CONTACTS} contacts: no more are in it."
        if found.used is None:
            yield "No response told the quota."
        if found.unusable:
            yield f"{counted(found.unusable, 'contact')} without a number in E.164: made up."

    def _document(self) -> dict[str, Any]:
        found, fiction = self._found, self._fiction
        requests = counted(found.reads, "read") + " and " + counted(len(found.uploads), "upload")
        document: dict[str, Any] = {
            "title": f"Recorded account {self._path.stem}",
            "story": f"What an account held when {requests} of it were recorded.",
        }
        if self._overlay:
            document["overlay"] = self._overlay
        document["account"] = self._account()
        document["lists"] = [self._list(each) for each in found.lists.values()]
        if found.not_seen:
            people = [self._contact(each, None) for each in found.not_seen]
            document["lists"].append({"id": NOT_SEEN, "contacts": people})
        if found.imported_at is not None and not self._clock_runs:
            document["clock"] = {"start": found.imported_at.isoformat()}
            if found.import_takes:
                document["clock"]["import_takes"] = f"{round(found.import_takes * 1000)}ms"
        reports = [each.report or {} for each in found.uploads]
        imports = [_clean(each["importId"]) for each in reports if each.get("importId")]
        new = [each for each in found.new_lists if _LIST_ID.fullmatch(each)]
        ids = {
            "import": list(dict.fromkeys(map(fiction.identifier, imports))),
            "list": [name for each in new if _LIST_ID.fullmatch(name := fiction.identifier(each))],
        }
        document["ids"] = {kind: those for kind, those in ids.items() if those}
        return {name: value for name, value in document.items() if value}

    def _account(self) -> dict[str, Any]:
        found = self._found
        account: dict[str, Any] = {}
        held = found.held
        if found.used is not None and found.total is not None and held <= found.total:
            account["quota"] = {"used": max(found.used, held), "total": found.total}
        elif held > _USUAL_TOTAL:
            account["quota"] = {"total": held}
        if self._region != USUAL_REGION:
            account["region"] = self._region
        zone = _zone(found)
        if zone != _USUAL_ZONES[0]:
            account["timezone"] = zone
        return account

    def _list(self, one: RecordedList) -> dict[str, Any]:
        entry: dict[str, Any] = {"id": self._fiction.identifier(one.list_id)}
        missing = one.total - len(one.contacts)
        if missing:
            entry["generate"] = missing
        if one.contacts:
            entry["contacts"] = [
                self._contact(contact, place + 1 if missing else None)
                for place, contact in sorted(one.contacts.items())
            ]
        return entry

    def _contact(self, contact: dict[str, Any], position: int | None) -> dict[str, Any]:
        fiction = self._fiction
        entry: dict[str, Any] = {
            "name": fiction.text(_clean(contact.get("name") or "")),
            "phoneNumber": fiction.number(contact["phoneNumber"]),
        }
        if contact.get("email"):
            entry["email"] = fiction.text(_clean(contact["email"]))
        if tags := [fiction.text(_clean(each)) for each in contact.get("tags") or [] if each]:
            entry["tags"] = list(dict.fromkeys(tags))
        if contact.get("contactId"):
            entry["contactId"] = fiction.identifier(_clean(contact["contactId"]))[:200]
        if moment(contact.get("createdAt")):
            entry["createdAt"] = contact["createdAt"]
        if position is not None:
            entry["position"] = position
        return entry

    def _said(self, upload: Upload) -> str:
        counts = [f"{name} {upload.count(name)}" for name in ("imported", "duplicates", "errors")]
        if upload.report is None:
            return "STATUS: refused, as in the recording"
        return "STATUS: in the recording " + ", ".join(counts)

    def _curl(self, upload: Upload, name: str) -> str:
        parts = [f'-F "file=@$FILES/{name}"']
        parts += [
            _form_option(each.name, self._field(each.name, each.content))
            for each in upload.form.parts
            if each.name in _FIELDS
        ]
        path = contract().path_of(UPLOAD)
        return f'curl -s $BASE{path} -H "X-Api-Key: $KEY" {" ".join(parts)}'

    def _field(self, name: str, content: bytes) -> str:
        value = _clean(content.decode("utf-8", "replace"))
        if name == "listId":
            return self._fiction.identifier(value)
        if name == "duplicateStrategy" and value in ENUMERATED:
            return value
        if name == FILE_NAME:
            return self._fiction.file_name(value)
        return self._fiction.text(value)

    def _replaced_part(self, part: FormPart) -> FormPart:
        if part.name not in _FIELDS:
            return part
        return FormPart.of_field(part.name, self._field(part.name, part.content))

    def _reads(self) -> list[tuple[str, str]]:
        key = '-H "X-Api-Key: $KEY"'
        steps = [("200: the quota", f"curl -s $BASE{contract().path_of(QUOTA)} {key}")]
        for each in list(self._found.lists)[:3]:
            path = contract().path_of(LIST, listId=self._fiction.identifier(each))
            steps.append(("200: the first page of a list", f'curl -s "$BASE{path}" {key}'))
        return steps

    def _played(self, uploads: list[Path]) -> list[int]:
        """Return the status of each upload in a sandbox with this scenario."""
        sandbox = RunningSandbox(self._path.stem, self._path.parent)
        statuses: list[int] = []
        try:
            headers = ("X-Api-Key", sandbox.key("recorded"))
            played = filter(_is_played, self._found.uploads)
            for upload, file in zip(played, uploads, strict=True):
                form = upload.form.with_file(file.read_bytes())
                form = replace(form, parts=tuple(self._replaced_part(each) for each in form.parts))
                kinds = (headers, ("Content-Type", form.content_type))
                status, _, _ = sandbox.send(
                    "POST", contract().path_of(UPLOAD), kinds, form.encode()
                )
                statuses.append(status)
                if status != upload.status:
                    self.notes.append(
                        f"{file.name}: the deployment responded with {upload.status}, the scenario with {status}."
                    )
        except (OSError, HTTPException) as error:
            raise RuntimeError(f"the recorded scenario cannot be played: {error}") from error
        finally:
            sandbox.close()
        return statuses


_ORDER = ("title", "story", "try", "overlay", "account", "lists", "clock", "ids")


class _ScenarioDumper(yaml.SafeDumper):
    """Writes text of several lines as such, and what another reader of YAML may misread in quotes."""

    def ignore_aliases(self, _: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None if re.fullmatch(r"[A-Za-z][\w ./-]*", text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_ScenarioDumper.add_representer(str, _text)


def _is_played(upload: Upload) -> bool:
    """Return whether a scenario decides what becomes of an upload."""
    is_decided = upload.status not in _NOT_PLAYED and upload.status < 500
    return is_decided and upload.form.file is not None


def _form_option(name: str, value: str) -> str:
    option = "--form-string" if _ODD_FIELD.search(value) else "-F"
    return f"{option} {shlex.quote(f'{name}={value}')}"


def _what_is_kept(*, keep_data: bool) -> str:
    if keep_data:
        return (
            "Kept as they were: names, numbers, mail addresses, tags, list names and the uploaded files. "
            "API keys are masked."
        )
    return (
        "Personal data is replaced: names, numbers, addresses, tags and list names are invented. "
        "Nobody should dial the numbers."
    )


def _clean(text: Any) -> str:
    """Return a text that a file in UTF-8 and a shell can hold."""
    return _CONTROL.sub(" ", str(text)).encode("utf-8", "replace").decode()


def _zone(found: Beginning) -> str:
    """Return a time zone whose offset is that of the times in the responses."""
    times: list[Any] = [(each.report or {}).get("completedAt") for each in found.uploads]
    times += [
        one.get("createdAt") for each in found.lists.values() for one in each.contacts.values()
    ]
    time = next(filter(None, map(moment, times)), None)
    if time is None:
        return _USUAL_ZONES[0]
    offset = time.utcoffset()
    zones = (*_USUAL_ZONES, *sorted(available_timezones()))
    fitting = (each for each in zones if time.astimezone(ZoneInfo(each)).utcoffset() == offset)
    return next(fitting, _USUAL_ZONES[0])
