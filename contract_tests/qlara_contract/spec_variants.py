"""Spec variants: what the vendor's other published pages say where they contradict UC-020."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qlara_contract.targets import Conventions


class SpecVariant(Enum):
    """A sentence of another page of the vendor that contradicts UC-020; the value is for people."""

    PAGES_FROM_0 = "follows the API reference: pages count from 0"
    QUOTA_FIELDS = (
        "follows the API reference: the quota is planLimit, extraLimit, totalLimit, used, remaining"
    )
    INTEGER_LIST_IDS = "follows UC-007: lists have integer ids"
    CREATE_OR_UPDATE = (
        "follows the API reference: the import always creates or updates, whatever the strategy"
    )
    ERROR_BODY = "follows the platform pages: errors are {status: CODE, error: TEXT, message: TEXT}"
    FILE_NAME_REQUIRED = "follows the API reference: an upload carries a `fileName` field"
    LIST_OPTIONAL = "follows the API reference: an upload needs no list"
    SORTED_BY_NAME = "follows the API reference: contacts are sorted by full name"


_OF_CONVENTIONS: dict[tuple[str, object], SpecVariant] = {
    ("page.first", 0): SpecVariant.PAGES_FROM_0,
    ("order", "name"): SpecVariant.SORTED_BY_NAME,
    ("error-body", "message"): SpecVariant.ERROR_BODY,
}


def of_convention(name: str, actual: Conventions) -> SpecVariant | None:
    """Return the variant that a deployment with these conventions follows in the one named, if any."""
    return _OF_CONVENTIONS.get((name, actual.values().get(name)))


def of_quota(body: object) -> SpecVariant | None:
    """Return the variant that a quota's body follows, if it is not UC-020."""
    if isinstance(body, dict) and {"totalLimit", "planLimit"} & body.keys():
        return SpecVariant.QUOTA_FIELDS
    return None


def of_refusal(body: object) -> SpecVariant | None:
    """Return the variant that a refusal's body follows, if it is not UC-020."""
    if (
        isinstance(body, dict)
        and isinstance(body.get("status"), int)
        and {"error", "message"} & body.keys()
    ):
        return SpecVariant.ERROR_BODY
    return None


def of_list_id(value: object) -> SpecVariant | None:
    """Return the variant that a list id follows, if it is not UC-020."""
    if isinstance(value, int) and not isinstance(value, bool):
        return SpecVariant.INTEGER_LIST_IDS
    return None
