"""A whole world as plain JSON values, and back: the same responses, and the same ones to come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from operator import eq
from typing import TYPE_CHECKING, Any

from qlara_sandbox.domain.account import Account
from qlara_sandbox.domain.contacts import Contact
from qlara_sandbox.state.clock import Clock
from qlara_sandbox.state.consistency import Contradiction, require_consistent
from qlara_sandbox.state.faults import ActiveFault, Faults, fault_rule
from qlara_sandbox.state.ids import Ids
from qlara_sandbox.state.rate_limit import RateLimit
from qlara_sandbox.state.settling import SettlingImport
from qlara_sandbox.state.world import ContactList, World

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

VERSION = 1
_NO_LIST = ContactList("", "")


def _at_once(source: Sequence[Any], show: Callable[[Any], Any]) -> Any:
    return [show(item) for item in source]


def take(
    world: World, array: Callable[[Sequence[Any], Callable[[Any], Any]], Any] = _at_once
) -> dict[str, Any]:
    """Return everything that decides how *world* responds, as JSON values.

    *array* makes an array of values that do not change any more, and of what shows one of them; it may
    put that off.
    """
    account, clock = world.account, world.clock
    return {
        "version": VERSION,
        "account": {
            "quotaTotal": account.quota_total,
            "usedElsewhere": account.used_elsewhere,
            "region": account.region,
            "timezone": account.timezone,
            "permissions": sorted(account.permissions),
            "active": account.active,
        },
        "clock": shown_clock(clock),
        "ids": {"seed": world.ids.seed, "drawn": world.ids.drawn, "planned": world.ids.planned},
        "limits": {
            "importTakesSeconds": world.import_takes.total_seconds(),
            "fileBytes": world.file_bytes,
        },
        "nextNumber": world.next_number,
        "contacts": array(list(world.contacts.values()), shown_contact),
        "lists": [
            {"listId": one.list_id, "name": one.name, "members": array(list(one.members), str)}
            for one in world.lists.values()
        ],
        "rateLimit": shown_limit(world.rate_limit),
        "faults": {
            "seed": world.faults.seed,
            "armed": [armed_fault(active) for active in world.faults.active],
        },
        **_settling(world),
    }


def take_growth(world: World, beginning: World) -> dict[str, Any] | None:
    """Return what *world* has become since it was *beginning*, without what both have; None if it is another one.

    Contacts stand in it as they are: `shown_contact` makes JSON values of them, which takes a while.
    """
    if not _has_grown_from(world, beginning):
        return None
    before, lists = beginning.contacts, beginning.lists
    changed = [one for one in world.contacts.values() if before.get(one.contact_id) != one]
    entries = []
    for one in world.lists.values():
        known = len(lists[one.list_id].members) if one.list_id in lists else 0
        entry = {"listId": one.list_id, "name": one.name, "members": one.members[known:]}
        entries.append(entry)
    rest = take(world, _leave_out)
    return {**rest, "contacts": changed, "lists": entries}


def _leave_out(_: Sequence[Any], __: Callable[[Any], Any]) -> Any:
    return []


def _has_grown_from(world: World, beginning: World) -> bool:
    """Return whether *world* has all contacts, lists and members of *beginning*, and in its order before all others."""
    lists = [*world.lists.values()][: len(beginning.lists)]
    return _begins_with(world.contacts, beginning.contacts) and all(
        (mine.list_id, mine.name) == (its.list_id, its.name)
        and _begins_with(mine.members, its.members)
        for mine, its in zip_longest(lists, beginning.lists.values(), fillvalue=_NO_LIST)
    )


def _begins_with(items: Collection[str], first: Collection[str]) -> bool:
    return len(first) <= len(items) and all(map(eq, items, first))


def armed_fault(active: ActiveFault) -> dict[str, Any]:
    """Return a rule in force with its counters."""
    return {
        "id": active.fault_id,
        "seen": active.seen,
        "fired": active.fired,
        "expires": _instant(active.expires),
        "fault": dict(active.rule.source),
    }


def restore(state: Mapping[str, Any]) -> World:
    """Return the world that *state*, which keeps the schema of a state, was taken of.

    Raises:
        Contradiction: its parts do not fit together, or a later request would trip over one.
    """
    require_consistent(state)
    return _restored(state, {}, {})


def restore_growth(state: Mapping[str, Any], beginning: World) -> World:
    """Return the world of which `take_growth` has returned *state*. Contacts that did not change are those of *beginning*."""
    return _restored(state, beginning.contacts, beginning.lists)


def _restored(
    state: Mapping[str, Any], contacts: Mapping[str, Contact], lists: Mapping[str, ContactList]
) -> World:
    """Return the world of *state*, which has these contacts and lists besides."""
    account = _account(state["account"])
    limits = state["limits"]
    world = World(
        account=account,
        clock=restored_clock(account.timezone, state["clock"]),
        ids=Ids(state["ids"]["seed"], state["ids"]["planned"], state["ids"]["drawn"]),
        import_takes=timedelta(seconds=limits["importTakesSeconds"]),
        file_bytes=limits["fileBytes"],
    )
    world.rate_limit = restored_limit(state["rateLimit"])
    world.faults = Faults(state["faults"]["seed"])
    world.faults.restore(map(active_fault, state["faults"]["armed"]))
    stored = {one["contactId"]: _restored_contact(one) for one in state["contacts"]}
    if len(stored) < len(state["contacts"]):
        raise Contradiction("state.contacts", "Expected every contactId once.")
    world.add({**contacts, **stored}.values())
    world.shared = len(contacts)
    _fill(world, state, lists)
    return world


def _fill(world: World, state: Mapping[str, Any], lists: Mapping[str, ContactList]) -> None:
    world.next_number = state["nextNumber"]
    _restore_settling(world, state.get("settling", []))
    for index, entry in enumerate(state["lists"]):
        unknown = [member for member in entry["members"] if member not in world.contacts]
        if unknown:
            message = f"Expected ids of contacts; no contact has {unknown[0]!r}."
            raise Contradiction(f"state.lists[{index}].members", message)
        restored = ContactList(entry["listId"], entry["name"])
        if entry["listId"] in lists:
            restored.join(lists[entry["listId"]].members)
        restored.join(entry["members"])
        world.add_list(restored)


def _settling(world: World) -> dict[str, Any]:
    """Return the imports that do not show everywhere yet; nothing if all do, as nearly always."""
    world.settling.forget_settled(world.clock.now())
    shown = [
        {
            "inLists": _instant(one.in_lists),
            "inQuota": _instant(one.in_quota),
            "listId": one.list_id,
            "members": one.members,
            "created": one.created,
            "replaced": [shown_contact(contact) for contact in one.replaced.values()],
        }
        for one in world.settling
    ]
    return {"settling": shown} if shown else {}


def _restore_settling(world: World, entries: Sequence[Mapping[str, Any]]) -> None:
    for index, entry in enumerate(entries):
        replaced = {one["contactId"]: _restored_contact(one) for one in entry["replaced"]}
        unknown = [identity for identity in replaced if identity not in world.contacts]
        if unknown:
            message = f"Expected ids of contacts; no contact has {unknown[0]!r}."
            raise Contradiction(f"state.settling[{index}].replaced", message)
        if entry["created"] > len(world.contacts):
            message = f"Expected a number of at most {len(world.contacts)}, that of the contacts."
            raise Contradiction(f"state.settling[{index}].created", message)
        in_lists, in_quota = (datetime.fromisoformat(entry[it]) for it in ("inLists", "inQuota"))
        one = SettlingImport(
            in_lists, in_quota, entry["listId"], entry["members"], entry["created"], replaced
        )
        world.settling.add(one)


def _account(entry: Mapping[str, Any]) -> Account:
    return Account(
        quota_total=entry["quotaTotal"],
        used_elsewhere=entry["usedElsewhere"],
        region=entry["region"],
        timezone=entry["timezone"],
        permissions=frozenset(entry["permissions"]),
        active=entry["active"],
    )


def shown_clock(clock: Clock) -> dict[str, Any]:
    """Return how a clock stands."""
    return {
        "start": _instant(clock.start),
        "frozenAt": _instant(clock.now()) if clock.is_frozen else None,
        "shiftSeconds": clock.shift.total_seconds(),
    }


def restored_clock(timezone: str, entry: Mapping[str, Any]) -> Clock:
    """Return the clock of *timezone* that stands as `shown_clock` says."""
    clock = Clock(timezone, _moment(entry["start"]))
    clock.shift = timedelta(seconds=entry["shiftSeconds"])
    frozen_at = _moment(entry["frozenAt"])
    if frozen_at is not None:
        clock.freeze(frozen_at)
    else:
        clock.run()
    return clock


def shown_limit(limit: RateLimit | None) -> dict[str, Any] | None:
    """Return a rate limit, and how much of it is used."""
    if limit is None:
        return None
    return {
        "requests": limit.requests,
        "perSeconds": limit.per.total_seconds(),
        "began": _instant(limit.began),
        "used": limit.used,
    }


def restored_limit(entry: Mapping[str, Any] | None) -> RateLimit | None:
    """Return the rate limit that `shown_limit` has shown."""
    if entry is None:
        return None
    limit = RateLimit(entry["requests"], timedelta(seconds=entry["perSeconds"]))
    limit.began, limit.used = _moment(entry["began"]), entry["used"]
    return limit


def active_fault(entry: Mapping[str, Any]) -> ActiveFault:
    """Return the rule in force that `armed_fault` has shown."""
    active = ActiveFault(entry["id"], fault_rule(entry["fault"]), _moment(entry["expires"]))
    active.seen, active.fired = entry["seen"], entry["fired"]
    return active


def shown_contact(contact: Contact) -> dict[str, Any]:
    """Return a contact as JSON values."""
    return {
        "contactId": contact.contact_id,
        "name": contact.name,
        "phoneNumber": contact.phone_number,
        "email": contact.email,
        "address": contact.address,
        "tags": list(contact.tags),
        "createdAt": contact.created_at,
    }


def _restored_contact(entry: Mapping[str, Any]) -> Contact:
    return Contact(
        contact_id=entry["contactId"],
        name=entry["name"],
        phone_number=entry["phoneNumber"],
        email=entry["email"],
        address=entry["address"],
        tags=tuple(entry["tags"]),
        created_at=entry["createdAt"],
    )


def shown_moment(moment: datetime) -> str:
    """Return a moment as JSON has it."""
    return moment.astimezone(UTC).isoformat()


def _instant(moment: datetime | None) -> str | None:
    return shown_moment(moment) if moment is not None else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None
