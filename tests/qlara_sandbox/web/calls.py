"""The three operations as tests call them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx2
    from starlette.testclient import TestClient

UPLOAD = "/api/partner-gateway/v1/contacts/upload/vcard"
QUOTA = "/api/v1/partner-gateway/subscription/contacts"
LIST = "/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts"


def vcf(*people: tuple[str, str], version: str = "3.0") -> bytes:
    """Return a file with a card per (name, number)."""
    return "".join(
        f"BEGIN:VCARD\r\nVERSION:{version}\r\nFN:{name}\r\nTEL:{number}\r\nEND:VCARD\r\n"
        for name, number in people
    ).encode()


MARCO = vcf(("Marco Rossi", "347 123 4567"))


def upload(
    client: TestClient, file: bytes = MARCO, *, key: str | None = None, **fields: str
) -> httpx2.Response:
    """Upload *file* into the documented list unless *fields* name another destination."""
    if not fields.keys() & {"listId", "listName"}:
        fields["listId"] = "list_crm_migration"
    headers = {"X-Api-Key": key} if key else {}
    return client.post(UPLOAD, files={"file": ("c.vcf", file)}, data=fields, headers=headers)


def fail(**data: str) -> dict[str, Any]:
    """Return the documented body of a refusal."""
    return {"status": "fail", "data": data}
