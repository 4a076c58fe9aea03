"""A scenario to a fresh world."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain, count, islice
from typing import TYPE_CHECKING, NamedTuple

from qlara_sandbox.domain.contacts import Contact
from qlara_sandbox.domain.conventions import USUAL, Conventions
from qlara_sandbox.domain.errors import Refusal
from qlara_sandbox.domain.importing import (
    ExistingContacts,
    ImportOptions,
    Strategy,
    contact_id,
)
from qlara_sandbox.domain.quota import Quota
from qlara_sandbox.scenario.load import placed
from qlara_sandbox.services.importing import plan_import
from qlara_sandbox.state.clock import Clock, timestamp
from qlara_sandbox.state.faults import Faults
from qlara_sandbox.state.ids import Ids
from qlara_sandbox.state.rate_limit import RateLimit
from qlara_sandbox.state.world import ContactList, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from qlara_sandbox.scenario.model import ListSeed, Scenario

# Fictional people for lists that are only long. The number is made from the running number.
_FIRST = ("Marco", "Giulia", "Luca", "Anna", "Paolo", "Chiara", "Davide", "Elena", "Matteo", "Sara")
_LAST = ("Rossi", "Bianchi", "Verdi", "Neri", "Ferrari", "Russo", "Romano", "Gallo", "Conti")
_GENERATED_NUMBERS = 3_200_000_000
_OWN_ID = re.compile(r"cnt_([0-9]{1,12})")


class Allowed(NamedTuple):
    """Tells why a contact, or a quota, cannot be held; None: it can."""

    fault_of_contact: Callable[[Contact], str | None]
    fault_of_quota: Callable[[Quota], str | None]


class Under(NamedTuple):
    """What the worlds of a scenario are under: conventions, and what they may hold (None: anything)."""

    conventions: Conventions = USUAL
    allowed: Allowed | None = None


class ScenarioTemplate(NamedTuple):
    """What every world of a scenario begins with: its contacts, and its lists, as they were created.

    A new world copies the dictionaries and lists of ``world``, which is much faster than to fill them.
    """

    contacts: tuple[Contact, ...]
    world: World
    created_at: str


def build_template(
    scenario: Scenario,
    under: Under = Under(),  # noqa: B008 - frozen
    created_at: str = "",
) -> ScenarioTemplate:
    """Return the contacts that *scenario* begins with; they can serve any number of worlds.

    They are created now by its clock, or at *created_at*, where their times are not in the file.

    Raises:
        InvalidScenario: the lists hold more contacts than the quota has or says, or something that is
            not allowed *under* its contract.
    """
    created_at = created_at or timestamp(_clock(scenario).now())
    contacts: dict[str, Contact] = {}
    members: dict[str, tuple[str, ...]] = {}
    free_ids = _free_ids(scenario)
    for seed in scenario.lists:
        options = ImportOptions(Strategy.SKIP, seed.tags, created_at, 1)
        fresh = [
            contact._replace(
                contact_id=contact.contact_id or next(free_ids),
                created_at=contact.created_at or created_at,
            )
            for contact in _contacts(scenario, seed, options, under.conventions)
        ]
        for contact in fresh:
            contacts.setdefault(contact.contact_id, contact)
        members[seed.list_id] = tuple(contact.contact_id for contact in fresh)
    held = list(contacts.values())
    _check_quota(scenario, len(held))
    if under.allowed is not None:
        _check_allowed(scenario, held, under.allowed)
    return ScenarioTemplate(tuple(held), _filled_world(scenario, held, members), created_at)


def build(scenario: Scenario, template: ScenarioTemplate, seed: str) -> World:
    """Return a fresh world; *seed* decides the ids that the scenario does not plan."""
    world = _empty_world(scenario, len(template.contacts), seed)
    world.rate_limit = RateLimit(*scenario.rate_limit) if scenario.rate_limit else None
    world.faults = Faults(seed)
    for rule in scenario.faults:
        world.faults.arm(rule, world.clock.now())
    world.hold_what(template.world)
    return world


def _empty_world(scenario: Scenario, held: int, seed: str) -> World:
    used = held if scenario.quota_used is None else scenario.quota_used
    return World(
        account=replace(scenario.account, used_elsewhere=used - held),
        clock=_clock(scenario),
        ids=Ids(seed, scenario.ids),
        import_takes=scenario.clock.import_takes,
        file_bytes=scenario.file_bytes,
    )


def _filled_world(
    scenario: Scenario, contacts: list[Contact], members: dict[str, tuple[str, ...]]
) -> World:
    world = _empty_world(scenario, len(contacts), seed="")
    world.add(contacts)
    world.next_number = max(world.next_number, _highest_number(contacts) + 1)
    for entry in scenario.lists:
        created = ContactList(entry.list_id, entry.name)
        created.join(members[entry.list_id])
        world.add_list(created)
    return world


def _clock(scenario: Scenario) -> Clock:
    return Clock(scenario.account.timezone, scenario.clock.start)


def _free_ids(scenario: Scenario) -> Iterator[str]:
    """Yield ids that no contact of the scenario has by its file, in the order of their numbers."""
    named = {contact.contact_id for seed in scenario.lists for contact in seed.contacts}
    return (identity for identity in map(contact_id, count(1)) if identity not in named)


def _highest_number(contacts: Iterable[Contact]) -> int:
    """Return the highest number of an id as the sandbox gives them, 0 if there is none."""
    found = (_OWN_ID.fullmatch(contact.contact_id) for contact in contacts)
    return max((int(own[1]) for own in found if own), default=0)


def _contacts(
    scenario: Scenario, seed: ListSeed, options: ImportOptions, conventions: Conventions
) -> list[Contact]:
    """Return the contacts of a list; those from a file or made up have neither id nor time yet."""
    if seed.file is not None:
        try:
            data = seed.file.read_bytes()
            nothing, region = ExistingContacts({}, {}), scenario.account.region
            plan = plan_import(data, options, nothing, region, conventions)
        except (Refusal, OSError) as error:
            message = f"{seed.file.name} cannot be imported: {error}"
            at: list[str | int] = ["lists", scenario.lists.index(seed), "file"]
            raise placed(scenario, at, message) from error
        return [contact._replace(contact_id="", created_at="") for contact in plan.created]
    if not seed.generate:
        return _in_places(seed, [])
    taken = {contact.phone_number for one in scenario.lists for contact in one.contacts}
    fresh = (_made_up(number, options) for number in count())
    free = (contact for contact in fresh if contact.phone_number not in taken)
    return _in_places(seed, list(islice(free, seed.generate)))


def _in_places(seed: ListSeed, made_up: Sequence[Contact]) -> list[Contact]:
    """Return the contacts that are written out in their places, and *made_up* ones in the others."""
    by_place = {
        place: contact
        for place, contact in zip(seed.positions, seed.contacts, strict=True)
        if place
    }
    others = [
        contact for place, contact in zip(seed.positions, seed.contacts, strict=True) if not place
    ]
    rest = chain(others, made_up)
    size = len(seed.contacts) + len(made_up)
    return [by_place.get(place) or next(rest) for place in range(1, size + 1)]


def _made_up(number: int, options: ImportOptions) -> Contact:
    first, last = _FIRST[number % len(_FIRST)], _LAST[number % len(_LAST)]
    return Contact(
        contact_id="",
        name=f"{first} {last} {number + 1}",
        phone_number=f"+39{_GENERATED_NUMBERS + number * 7}",
        email=f"{first}.{last}.{number + 1}@example.com".lower(),
        address="",
        tags=options.tags,
        created_at="",
    )


def _check_allowed(scenario: Scenario, contacts: list[Contact], allowed: Allowed) -> None:
    used = len(contacts) if scenario.quota_used is None else scenario.quota_used
    fault = allowed.fault_of_quota(Quota(used, scenario.account.quota_total))
    if fault is not None:
        raise placed(scenario, ["account", "quota"], fault)
    for contact in contacts:
        fault = allowed.fault_of_contact(contact)
        if fault is not None:
            message = f"{contact.name!r} ({contact.phone_number}): {fault}"
            raise placed(scenario, ["lists"], message)


def _check_quota(scenario: Scenario, held: int) -> None:
    used, total = scenario.quota_used, scenario.account.quota_total
    if used is not None and used < held:
        message = f"below the {held} contacts that the lists hold"
        raise placed(scenario, ["account", "quota", "used"], message)
    if held > total:
        message = f"the lists hold {held} contacts, more than this quota"
        raise placed(scenario, ["account", "quota", "total"], message)
