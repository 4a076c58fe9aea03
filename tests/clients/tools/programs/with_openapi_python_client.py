"""A program on the client that openapi-python-client makes: import, list, quota, and four refusals."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path
from typing import Any

from qlara_openapi_client import AuthenticatedClient
from qlara_openapi_client.api.contacts import list_contacts, upload_v_card
from qlara_openapi_client.api.subscription import get_contact_quota
from qlara_openapi_client.models import (
    ContactPage,
    ContactQuota,
    ErrorResponse,
    ImportReport,
    VCardUpload,
    VCardUploadDuplicateStrategy,
)
from qlara_openapi_client.types import File

url, folder, key = sys.argv[1], Path(sys.argv[2]), sys.argv[3]


def client(api_key: str) -> AuthenticatedClient:
    return AuthenticatedClient(base_url=url, token=api_key, prefix="", auth_header_name="X-Api-Key")


def file(name: str) -> File:
    return File(BytesIO((folder / name).read_bytes()), name, "text/vcard")


def upload(api_key: str, name: str, **fields: Any) -> object:
    body = VCardUpload(file(name), **fields)
    return upload_v_card.sync_detailed(client=client(api_key), body=body)


def show_refusal(response: Any) -> None:
    assert isinstance(response.parsed, ErrorResponse)
    data = response.parsed.data.additional_properties
    print(response.status_code.value, *(f"{name}: {message}" for name, message in data.items()))


mine = f"{key}__crm-migration"
to_the_list = {"list_id": "list_crm_migration"}
strategy = VCardUploadDuplicateStrategy.SKIP
report = upload_v_card.sync(
    client=client(mine),
    body=VCardUpload(
        file("contacts-export.vcf"),
        list_id="list_crm_migration",
        duplicate_strategy=strategy,
        tags="crm-import,q2-2026",
    ),
)
assert isinstance(report, ImportReport)
first = report.errors[0]
print("imported", report.summary.imported, "of", report.summary.total, "into", report.list_id)
print(first.line, first.name, first.reason)
new = upload_v_card.sync(
    client=client(mine), body=VCardUpload(file("contacts-export.vcf"), list_name="Città & Co.")
)
assert isinstance(new, ImportReport)
print("imported", new.summary.imported, new.list_id != report.list_id)
for number in (1, 2):
    page = list_contacts.sync(report.list_id, client=client(mine), limit=100, page=number)
    assert isinstance(page, ContactPage)
    print("page", page.page, len(page.contacts), page.contacts[0].phone_number, page.has_more)
quota = get_contact_quota.sync(client=client(mine))
assert isinstance(quota, ContactQuota)
print("quota", quota.used, quota.total)

show_refusal(upload(mine, "bad-header.vcf", **to_the_list))
show_refusal(upload("nobody", "bad-header.vcf", **to_the_list))
show_refusal(upload(f"{key}__quota-exhausted", "contacts-export.vcf", **to_the_list))
show_refusal(upload(mine, "oversized.vcf", **to_the_list))
