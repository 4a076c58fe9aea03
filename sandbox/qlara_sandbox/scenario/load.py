"""A scenario file to a checked, frozen scenario, or to the list of its mistakes."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import jsonschema_rs
import orjson

from qlara_sandbox import resources
from qlara_sandbox.domain.account import Account
from qlara_sandbox.domain.contacts import Contact
from qlara_sandbox.domain.phone import USUAL_REGION, is_region
from qlara_sandbox.scenario.advice import in_words, near, unknown_field
from qlara_sandbox.scenario.errors import InvalidScenario, Mistake
from qlara_sandbox.scenario.model import ClockSeed, ListSeed, Scenario
from qlara_sandbox.scenario.yaml_file import YamlFile, dotted
from qlara_sandbox.state.clock import YEARS, duration, is_shown
from qlara_sandbox.state.faults import EVERY_OPERATION, fault_rule

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import timedelta

SCHEMA = Path(__file__).with_name("schema.json")
_LONGEST = 1000
# Of a file with more mistakes, the first ones are told and nothing else is looked at.
_MOST_MISTAKES = 500
_EMPTY = (
    "is empty. A scenario needs a title and a story at least; "
    "`qlara-sandbox scenarios new NAME` writes a file to begin with."
)
# An overlay that ships with the sandbox; anything else is a file.
_SHIPPED_NAME = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def load(
    path: Path, operations: Collection[str] | None = None, *, allow_outside: bool = False
) -> Scenario:
    """Return the scenario of the file; its name is the file's.

    *operations* are the operationIds that a fault may be on; None: any. With *allow_outside*, its
    vCard files may be outside the folder of the scenario.

    Raises:
        InvalidScenario: with file, line and field of every mistake.
    """
    mistakes, scenario = examined(path, operations, allow_outside=allow_outside)
    if mistakes or scenario is None:
        raise InvalidScenario(path, mistakes)
    return scenario


class FileSchema(NamedTuple):
    """What a file may hold: the fields of a scenario, and possibly more."""

    document: dict[str, Any]
    validator: jsonschema_rs.Draft202012Validator


def compiled(document: dict[str, Any]) -> FileSchema:
    """Return *document*, a JSON Schema without references, as files are checked by it."""
    return FileSchema(document, jsonschema_rs.Draft202012Validator(document, validate_formats=True))


@cache
def scenario_schema() -> FileSchema:
    """Return the schema of scenario files."""
    return compiled(json.loads(SCHEMA.read_text(encoding="utf-8")))


def examined(
    path: Path,
    operations: Collection[str] | None = None,
    *,
    allow_outside: bool = False,
    schema: FileSchema | None = None,
) -> tuple[list[Mistake], Scenario | None]:
    """Return every mistake of the file by line, and the scenario of what is right in it.

    *schema* is that of files that hold a scenario and more; None: of scenario files.

    Raises:
        InvalidScenario: it cannot be read at all.
    """
    schema = schema or scenario_schema()
    file = YamlFile(path)
    if file.value is None:
        return [*file.mistakes] or [Mistake(1, "", _EMPTY)], None
    mistakes: list[Mistake] = list(file.mistakes)
    try:
        found = list(islice(_schema_mistakes(file, schema), _MOST_MISTAKES))
        mistakes += _of_their_own(found, file.mistakes)
        if not isinstance(file.value, dict) or len(found) == _MOST_MISTAKES:
            return sorted(set(mistakes)), None
        file.value = _sound(file.value, schema.validator)
        mistakes += [
            *_sense_mistakes(file),
            *_file_mistakes(file, allow_outside=allow_outside),
            *_fault_mistakes(file, operations),
        ]
        named = {"title": path.stem, "story": path.stem, **file.value}
        scenario = _scenario(path, whole_numbers(_complete(named, schema.validator)))
    except (ValueError, OverflowError, RecursionError, OSError) as error:
        # A time that no clock shows, a name that no file can have, a value nested without end.
        mistakes = mistakes or [Mistake(1, "", f"cannot be used: {error}")]
        return sorted(set(mistakes)), None
    return sorted(set(mistakes)), scenario


def placed(scenario: Scenario, at: Sequence[str | int], message: str) -> InvalidScenario:
    """Return the mistake of a scenario in the value at *at*, with its line."""
    line = YamlFile(scenario.path).line_of(at) if scenario.path.is_file() else 1
    return InvalidScenario(scenario.path, [Mistake(line, dotted(at), message)])


def unusable_overlay(scenario: Scenario, message: str) -> InvalidScenario:
    """Return the mistake of a scenario whose overlay cannot be used, at the line that names it."""
    return placed(scenario, ["overlay"], message)


def whole_numbers(value: Any) -> Any:
    """Return *value* with 5.0 as 5: JSON Schema takes both for an integer, Python does not.

    What stands in a ``body`` is somebody else's and stays as it is.
    """
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [whole_numbers(item) for item in value]
    if isinstance(value, dict):
        return {
            name: item if name == "body" else whole_numbers(item) for name, item in value.items()
        }
    return value


def _of_their_own(mistakes: Iterable[Mistake], before: Sequence[Mistake]) -> Iterator[Mistake]:
    """Yield the mistakes that do not follow from those *before*: a value that was dropped is not missing."""
    fields = {one.field for one in before}
    fields |= {field.rpartition(".")[0] for field in fields}
    return (one for one in mistakes if one.field not in fields or not one.field)


def _schema_mistakes(file: YamlFile, schema: FileSchema) -> Iterator[Mistake]:
    document, validator = schema
    for error in validator.iter_errors(file.value):
        path = list(error.instance_path)
        for at, message in _blame(document, error, path, _value_at(file.value, path)):
            yield _mistake(file, at, message[:_LONGEST])


def _blame(
    document: dict[str, Any], error: Any, path: list[str | int], value: Any
) -> Iterator[tuple[list[str | int], str]]:
    steps = list(error.schema_path)
    if "propertyNames" in steps:  # it leads into what is asked of the names
        steps = steps[: steps.index("propertyNames") + 1]
    schema = _value_at(document, steps[:-1])
    missing = getattr(error.kind, "property", None)
    unexpected = getattr(error.kind, "unexpected", None)
    if isinstance(missing, str):
        meaning = schema["properties"][missing].get("description", "")
        yield [*path, missing], f"missing. {meaning}".rstrip()
    elif unexpected:
        for name in unexpected:
            yield [*path, name], unknown_field(name, schema, document)
    else:
        yield path, in_words(schema, str(steps[-1]), path[-1] if path else None, value)


def _value_at(value: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def _sound(value: dict[str, Any], validator: jsonschema_rs.Draft202012Validator) -> dict[str, Any]:
    """Return a scenario's values without those that the schema does not allow; entries keep their place.

    What is incomplete stays. An entry that is nothing of use becomes None.
    """
    if validator.is_valid(value):
        return value
    value = deepcopy(value)
    places = sorted(
        (_unsound(error) for error in validator.iter_errors(value) if not _is_missing(error)),
        key=_order,
        reverse=True,
    )
    for place in places:
        if place:
            _remove(value, place)
    return value


def _complete(
    value: dict[str, Any], validator: jsonschema_rs.Draft202012Validator
) -> dict[str, Any]:
    """Return sound values without the entries of lists that lack something."""
    value = deepcopy(value)
    while True:
        places = {tuple(_unsound(error)) for error in validator.iter_errors(value)} - {()}
        if not places:
            return value
        for place in sorted(places, key=_order, reverse=True):
            del _value_at(value, place[:-1])[place[-1]]


def _is_missing(error: Any) -> bool:
    return isinstance(getattr(error.kind, "property", None), str) or error.kind.name == "anyOf"


def _unsound(error: Any) -> list[str | int]:
    path = list(error.instance_path)
    unexpected = getattr(error.kind, "unexpected", None)
    return [*path, unexpected[0]] if unexpected else path


def _order(place: Sequence[str | int]) -> list[tuple[bool, str | int]]:
    return [(isinstance(step, int), step) for step in place]


def _remove(value: Any, place: Sequence[str | int]) -> None:
    around = _value_at(value, place[:-1])
    if isinstance(around, list):
        around[int(place[-1])] = None
    elif around is not None:
        around.pop(place[-1], None)


def _sense_mistakes(file: YamlFile) -> Iterator[Mistake]:
    value: dict[str, Any] = file.value
    account = value.get("account", {})
    timezone = account.get("timezone", "Europe/Rome")
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = near(timezone, sorted(available_timezones()))
        at: list[str | int] = ["account", "timezone"]
        yield _mistake(file, at, f"unknown time zone {timezone!r}{hint}")
    if not is_region(account.get("region", USUAL_REGION)):
        at = ["account", "region"]
        hint = "; did you mean GB?" if account["region"] == "UK" else ""
        yield _mistake(file, at, f"unknown telephone region {account['region']!r}{hint}")
    if not _is_moment(value.get("clock", {}).get("start")):
        yield _mistake(file, ["clock", "start"], f"expected a moment {YEARS}")
    quota = account.get("quota", {})
    if quota.get("used", 0) > quota.get("total", 50_000):
        yield _mistake(file, ["account", "quota", "used"], "more than the total")
    yield from _list_mistakes(file, value.get("lists", []))


def _list_mistakes(file: YamlFile, lists: list[dict[str, Any]]) -> Iterator[Mistake]:
    seen = set()
    for index, entry in _entries(lists):
        name = entry.get("id")
        if name is not None and name in seen:
            yield _mistake(file, ["lists", index, "id"], f"duplicate list id {name!r}")
        seen.add(name)
        sources = [key for key in ("contacts", "file", "generate") if key in entry]
        if len(sources) > 1 and sources != ["contacts", "generate"]:
            message = f"expected file, or contacts and generate; found {' and '.join(sources)}"
            yield _mistake(file, ["lists", index, sources[1]], message)
    yield from _contact_mistakes(file, lists)


def _contact_mistakes(file: YamlFile, lists: list[dict[str, Any]]) -> Iterator[Mistake]:
    """Yield the ids that stand for two contacts, and the places that two contacts have, or that are none."""
    known: dict[str, dict[str, Any]] = {}
    for index, entry in _entries(lists):
        contacts = entry.get("contacts", [])
        size = len(contacts) + entry.get("generate", 0)
        ids, places = set(), set()
        for at, contact in _entries(contacts):
            path: list[str | int] = ["lists", index, "contacts", at]
            place, identity = contact.get("position"), contact.get("contactId")
            if place is not None and (place > size or place in places):
                wrong = f"there are {size}" if place > size else "it is taken"
                yield _mistake(file, [*path, "position"], f"no place {place} in the list: {wrong}")
            places.add(place)
            if identity is None:
                continue
            person = {name: value for name, value in contact.items() if name != "position"}
            if identity in ids:
                yield _mistake(file, [*path, "contactId"], "twice in one list")
            elif known.setdefault(identity, person) != person:
                message = f"another list has {identity!r} with other values"
                yield _mistake(file, [*path, "contactId"], message)
            ids.add(identity)


def _entries(values: Sequence[Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the entries that are of use, with their index."""
    return ((index, entry) for index, entry in enumerate(values) if isinstance(entry, dict))


def _file_mistakes(file: YamlFile, *, allow_outside: bool) -> Iterator[Mistake]:
    overlay = file.value.get("overlay")
    if overlay is not None and _SHIPPED_NAME.fullmatch(overlay):
        shipped = sorted(path.stem for path in resources.OVERLAYS.glob("*.yaml"))
        if overlay not in shipped:
            message = (
                f"unknown overlay {overlay!r}; expected a file, or one of {', '.join(shipped)}"
            )
            yield _mistake(file, ["overlay"], message)
    elif overlay is not None:
        yield from _wrong_file(file, overlay, ["overlay"], allow_outside=allow_outside)
    for index, entry in _entries(file.value.get("lists", [])):
        name = entry.get("file")
        if name is not None:
            at: list[str | int] = ["lists", index, "file"]
            yield from _wrong_file(file, name, at, allow_outside=allow_outside)


def _wrong_file(
    file: YamlFile, name: str, at: list[str | int], *, allow_outside: bool
) -> Iterator[Mistake]:
    folder = file.path.parent
    if not allow_outside and not _is_within(folder, name):
        # Asked first: whether there is such a file outside is nothing to tell.
        message = f"{name!r} is outside the folder of the scenario; --allow-outside permits it"
        yield _mistake(file, at, message)
    elif not (folder / name).is_file():
        there = [one.relative_to(folder).as_posix() for one in _cards_in(folder)]
        yield _mistake(file, at, f"file {name!r} not found beside the scenario{near(name, there)}")


def _cards_in(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.vcf"), *folder.glob("*/*.vcf")])


def _is_within(folder: Path, name: str) -> bool:
    """Return whether the file is in *folder*, also once every symbolic link is followed."""
    relative = Path(name)
    if relative.is_absolute() or ".." in relative.parts:
        return False
    return (folder / relative).resolve().is_relative_to(folder.resolve())


def _fault_mistakes(file: YamlFile, operations: Collection[str] | None) -> Iterator[Mistake]:
    for index, entry in _entries(file.value.get("faults", [])):
        at: list[str | int] = ["faults", index]
        name = entry.get("on", EVERY_OPERATION)
        if operations is not None and name != EVERY_OPERATION and name not in operations:
            expected = ", ".join([*operations, repr(EVERY_OPERATION)])
            message = f"unknown operation {name!r}; expected one of {expected}"
            message += near(name, list(operations))
            yield _mistake(file, [*at, "on"], message)
        try:
            orjson.dumps(entry.get("respond", {}).get("body"))
        except TypeError as error:
            yield _mistake(file, [*at, "respond", "body"], f"cannot be written as JSON: {error}")


def _is_moment(start: str | None) -> bool:
    try:
        return start is None or is_shown(datetime.fromisoformat(start))
    except ValueError:  # a leap second
        return False


def _mistake(file: YamlFile, path: Sequence[str | int], message: str) -> Mistake:
    return Mistake(file.line_of(path), dotted(path), message)


def _scenario(path: Path, value: Mapping[str, Any]) -> Scenario:
    account = value.get("account", {})
    quota = account.get("quota", {})
    terms = Account()
    return Scenario(
        path=path,
        title=value["title"],
        story=value["story"].strip(),
        source=value.get("source", ""),
        try_lines=value.get("try", "").strip(),
        account=replace(
            terms,
            quota_total=quota.get("total", terms.quota_total),
            region=account.get("region", terms.region),
            timezone=account.get("timezone", terms.timezone),
            permissions=frozenset(account.get("permissions", terms.permissions)),
            active=account.get("active", terms.active),
        ),
        quota_used=quota.get("used"),
        lists=tuple(_list(path, entry) for entry in value.get("lists", [])),
        clock=_clock(value.get("clock", {})),
        ids={kind: tuple(ids) for kind, ids in value.get("ids", {}).items()},
        file_bytes=value.get("limits", {}).get("file_bytes"),
        rate_limit=_rate_limit(value.get("rate_limit")),
        faults=tuple(fault_rule(entry) for entry in value.get("faults", [])),
        overlay=_overlay(path, value.get("overlay")),
        names_region="region" in account,
    )


def _overlay(path: Path, name: str | None) -> Path | None:
    if name is None:
        return None
    if _SHIPPED_NAME.fullmatch(name):
        return resources.OVERLAYS / f"{name}.yaml"
    return (path.parent / name).resolve()


def _list(path: Path, entry: Mapping[str, Any]) -> ListSeed:
    return ListSeed(
        list_id=entry["id"],
        name=entry.get("name", entry["id"]),
        contacts=tuple(_contact(contact) for contact in entry.get("contacts", [])),
        file=path.parent / entry["file"] if "file" in entry else None,
        generate=entry.get("generate", 0),
        tags=tuple(entry.get("tags", [])),
        positions=tuple(contact.get("position", 0) for contact in entry.get("contacts", [])),
    )


def _contact(entry: Mapping[str, Any]) -> Contact:
    return Contact(
        contact_id=entry.get("contactId", ""),
        name=entry["name"],
        phone_number=entry["phoneNumber"],
        email=entry.get("email", ""),
        address=entry.get("address", ""),
        tags=tuple(entry.get("tags", [])),
        created_at=entry.get("createdAt", ""),
    )


def _rate_limit(entry: Mapping[str, Any] | None) -> tuple[int, timedelta] | None:
    return (entry["requests"], duration(entry["per"])) if entry else None


def _clock(entry: Mapping[str, Any]) -> ClockSeed:
    start = entry.get("start")
    return ClockSeed(
        start=datetime.fromisoformat(start) if start else None,
        import_takes=duration(entry.get("import_takes", "0s")),
    )
