"""A scenario to a fresh world."""

from __future__ import annotations

from dataclasses import replace
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
    from collections.abc import Callable

    from qlara_sandbox.scenario.model import ListSeed, Scenario

# Fictional people for lists that are only long. The number is made from the running number.
_FIRST = ("Marco", "Giulia", "Luca", "Anna", "Paolo", "Chiara", "Davide", "Elena", "Matteo", "Sara")
_LAST = ("Rossi", "Bianchi", "Verdi", "Neri", "Ferrari", "Russo", "Romano", "Gallo", "Conti")
_GENERATED_NUMBERS = 3_200_000_000


class Allowed(NamedTuple):
    """Tells why a contact, or a quota, cannot be held; None: it can."""

    fault_of_contact: Callable[[Contact], str | None]
    fault_of_quota: Callable[[Quota], str | None]


class Under(NamedTuple):
    """What the worlds of a scenario are under: conventions, and what they may hold (None: anything)."""

    conventions: Conventions = USUAL
    allowed: Allowed | None = None


class ScenarioTemplate(NamedTuple):
    """What every world of a scenario begins with: its contacts, and its lists.

    A new world copies the dictionaries and lists of ``world``, which is much faster than to fill them.
    """

    contacts: tuple[Contact, ...]
    world: World


def build_template(scenario: Scenario, under: Under = Under()) -> ScenarioTemplate:  # noqa: B008 - frozen
    """Return the contacts that *scenario* begins with; they can serve any number of worlds.

    Raises:
        InvalidScenario: the lists hold more contacts than the quota has or says, or something that is
            not allowed *under* its contract.
    """
    created_at = timestamp(_clock(scenario).now())
    contacts: list[Contact] = []
    members: dict[str, tuple[str, ...]] = {}
    for seed in scenario.lists:
        options = ImportOptions(Strategy.SKIP, seed.tags, created_at, 1)
        fresh = _contacts(scenario, seed, options, under.conventions)
        first = len(contacts) + 1
        fresh = [
            contact._replace(contact_id=contact_id(number), created_at=created_at)
            for number, contact in enumerate(fresh, first)
        ]
        contacts += fresh
        members[seed.list_id] = tuple(contact.contact_id for contact in fresh)
    _check_quota(scenario, len(contacts))
    if under.allowed is not None:
        _check_allowed(scenario, contacts, under.allowed)
    return ScenarioTemplate(tuple(contacts), _filled_world(scenario, contacts, members))


def build(scenario: Scenario, template: ScenarioTemplate, seed: str) -> World:
    """Return a fresh world; *seed* decides the ids that the scenario does not plan."""
    world = _empty_world(scenario, len(template.contacts), seed)
    world.rate_limit = RateLimit(*scenario.rate_limit) if scenario.rate_limit else None
    world.faults = Faults(seed)
    for rule in scenario.faults:
        world.faults.arm(rule, world.clock.now())
    world.hold_what(template.world)
    return world


def _empty_world(scenario: Scenario, count: int, seed: str) -> World:
    used = count if scenario.quota_used is None else scenario.quota_used
    return World(
        account=replace(scenario.account, used_elsewhere=used - count),
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
    for entry in scenario.lists:
        created = ContactList(entry.list_id, entry.name)
        created.join(members[entry.list_id])
        world.add_list(created)
    return world


def _clock(scenario: Scenario) -> Clock:
    return Clock(scenario.account.timezone, scenario.clock.start)


def _contacts(
    scenario: Scenario, seed: ListSeed, options: ImportOptions, conventions: Conventions
) -> list[Contact]:
    if seed.file is not None:
        try:
            data = seed.file.read_bytes()
            nothing, region = ExistingContacts({}, {}), scenario.account.region
            plan = plan_import(data, options, nothing, region, conventions)
        except (Refusal, OSError) as error:
            message = f"{seed.file.name} cannot be imported: {error}"
            at: list[str | int] = ["lists", scenario.lists.index(seed), "file"]
            raise placed(scenario, at, message) from error
        return plan.created
    if seed.generate:
        return [_made_up(number, options) for number in range(seed.generate)]
    return list(seed.contacts)


def _made_up(number: int, options: ImportOptions) -> Contact:
    first, last = _FIRST[number % len(_FIRST)], _LAST[number % len(_LAST)]
    return Contact(
        contact_id="",
        name=f"{first} {last} {number + 1}",
        phone_number=f"+39{_GENERATED_NUMBERS + number * 7}",
        email=f"{first}.{last}.{number + 1}@example.com".lower(),
        address="",
        tags=options.tags,
        created_at=options.created_at,
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


def _check_quota(scenario: Scenario, count: int) -> None:
    used, total = scenario.quota_used, scenario.account.quota_total
    if used is not None and used < count:
        message = f"below the {count} contacts that the lists hold"
        raise placed(scenario, ["account", "quota", "used"], message)
    if count > total:
        message = f"the lists hold {count} contacts, more than this quota"
        raise placed(scenario, ["account", "quota", "total"], message)
