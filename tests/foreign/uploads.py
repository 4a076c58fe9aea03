"""Reads the form of an import and finds its list."""

from __future__ import annotations

import re
from contextlib import nullcontext
from time import monotonic
from typing import TYPE_CHECKING

from tests.foreign import stages
from tests.foreign.importing import Import, read_file
from tests.foreign.messages import Response, fail, refuse
from tests.foreign.multipart import Form, MalformedForm, Part, read_form
from tests.foreign.store import ContactList

if TYPE_CHECKING:
    from tests.foreign.stages import Context

_FIELDS = ("listId", "listName", "duplicateStrategy", "tags")
_STRATEGIES = ("SKIP", "UPDATE", "DUPLICATE")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def too_large() -> Response:
    """Return the documented refusal (UC-020: 413 Payload Too Large)."""
    return fail(413, "file", "File size exceeds maximum allowed (10 MB)")


def upload(context: Context) -> Response:
    """Import what the request uploads; raise ``Refused``."""
    size, body = context.policy.size, context.request.body
    if size.of == "request" and len(body) > size.limit:
        return too_large()
    form = context.pass_through(stages.FORM, _form(context))
    file = _file(context, form)
    if size.of == "file" and len(file.content) > size.limit:
        return too_large()
    context.fields = _fields(context, form)
    context.strategy = _strategy(context)
    account = context.account
    assert account
    with account.lock:
        into, is_new = _destination(context)
    if not context.policy.importing.apart:
        with account.race.run(id(context)):
            return _imported(context, file.content, into, is_new=is_new)
    return _imported(context, file.content, into, is_new=is_new)


def _imported(context: Context, content: bytes, into: ContactList, *, is_new: bool) -> Response:
    account = context.account
    assert account
    cards = read_file(context, content)
    with account.lock if context.policy.importing.apart else nullcontext():
        response = Import(context, account, into).run(cards)
        if is_new:
            account.lists[into.id] = into
        return response


def _bad(context: Context, field: str, message: str) -> Exception:
    return refuse(context.policy.importing.bad_status, field, message)


def _form(context: Context) -> Form:
    content_type = context.request.header("content-type") or ""
    if not content_type.lower().startswith("multipart/form-data"):
        status = context.policy.refusals.not_multipart
        raise refuse(status, "file", "Expected multipart/form-data with a vCard file.")
    try:
        return read_form(content_type, context.request.body)
    except MalformedForm as error:
        raise _bad(context, "file", f"Malformed multipart form: {error}.") from error


def _file(context: Context, form: Form) -> Part:
    files = form.all("file")
    if not files:
        raise _bad(context, "file", "Expected a vCard file.")
    if len(files) > 1 and context.policy.importing.repeated_field == "refuse":
        raise _bad(context, "file", "Expected one file.")
    file = files[-1 if context.policy.importing.repeated_field == "last" else 0]
    if file.filename is None and context.policy.importing.file_name_needed:
        raise _bad(context, "file", "Expected a file part with a file name.")
    return file


def _fields(context: Context, form: Form) -> dict[str, str]:
    policy = context.policy.importing
    fields = {}
    for name in _FIELDS:
        parts = form.all(name)
        if len(parts) > 1 and policy.repeated_field == "refuse":
            raise _bad(context, name, "Expected one value.")
        if parts:
            fields[name] = parts[-1 if policy.repeated_field == "last" else 0].text
        if policy.empty_field == "absent" and not fields.get(name, "").strip():
            fields.pop(name, None)
    if policy.unknown_fields == "refuse":
        for part in form.parts:
            if part.name not in (*_FIELDS, "file"):
                raise _bad(context, part.name, "Unknown field.")
    _check(context, fields)
    return fields


def _check(context: Context, fields: dict[str, str]) -> None:
    for name, longest in (
        ("listId", 400),
        ("listName", context.policy.lists.longest_name),
        ("tags", context.policy.tags.longest),
    ):
        value = fields.get(name)
        if value is None:
            continue
        if len(value) > longest:
            raise _bad(context, name, f"Expected at most {longest} characters.")
        if name != "tags" and not value.strip():
            raise _bad(context, name, "Expected a value.")
        if _CONTROL.search(value):
            raise _bad(context, name, "Expected one line of text.")


def _strategy(context: Context) -> str:
    value = context.fields.get("duplicateStrategy", "SKIP")
    if not context.policy.importing.strategy_case:
        value = value.upper()
    if value not in _STRATEGIES:
        raise _bad(context, "duplicateStrategy", "Expected one of SKIP, UPDATE, DUPLICATE.")
    return value


def _destination(context: Context) -> tuple[ContactList, bool]:
    """Return the list to import into, and whether it is new."""
    policy, fields = context.policy.lists, context.fields
    list_id, name = fields.get("listId"), fields.get("listName")
    if list_id is not None and name is not None and policy.both == "refuse":
        raise _bad(context, "listId", "Expected either listId or listName.")
    if list_id is not None and (name is None or policy.both == "id"):
        return _by_id(context, list_id)
    if name is not None:
        return _by_name(context, name)
    if policy.neither == "default" and context.account and context.account.lists:
        return next(iter(context.account.lists.values())), False
    raise _bad(context, "listId", "Expected listId or listName.")


def _by_id(context: Context, list_id: str) -> tuple[ContactList, bool]:
    policy = context.policy.lists
    assert context.account
    found = context.account.lists.get(list_id)
    if found is not None:
        return found, False
    if policy.unknown_id == "create":
        return ContactList(list_id, list_id, since=monotonic()), True
    raise refuse(policy.unknown_status, "listId", f"No list {list_id!r} in this account.")


def _by_name(context: Context, name: str) -> tuple[ContactList, bool]:
    policy = context.policy.lists
    if policy.by_name == "forbid":
        raise refuse(403, "listName", "Lists are made in the console.")
    if policy.by_name == "refuse":
        raise _bad(context, "listName", "Unknown field; expected listId.")
    if policy.ascii_names and not name.isascii():
        raise _bad(context, "listName", "Expected ASCII characters.")
    assert context.account
    same = [each for each in context.account.lists.values() if each.name == name]
    if same and policy.same_name != "new":
        if policy.same_name == "reuse":
            return same[0], False
        status = 409 if policy.same_name == "conflict" else 400
        raise refuse(status, "listName", "A list with this name exists already.")
    list_id = context.deployment.ids.new("list", context.policy.shown.list_ids)
    return ContactList(list_id, name, since=monotonic()), True
