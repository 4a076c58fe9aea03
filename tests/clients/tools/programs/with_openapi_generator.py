"""A program on the client that openapi-generator makes: import, list, quota, and four refusals."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from qlara_client import ApiClient, Configuration, ContactsApi, SubscriptionApi
from qlara_client.exceptions import ApiException
from qlara_client.models import ErrorResponse, ImportReport

if TYPE_CHECKING:
    from collections.abc import Callable

url, folder, key = sys.argv[1], Path(sys.argv[2]), sys.argv[3]


def client(api_key: str) -> ApiClient:
    return ApiClient(Configuration(host=url, api_key={"ApiKey": api_key}))


def file(name: str) -> tuple[str, bytes]:
    return name, (folder / name).read_bytes()


def show_refusal(call: Callable[[], object]) -> None:
    try:
        call()
    except ApiException as error:
        if not isinstance(error.data, ErrorResponse):
            raise
        print(error.status, *(f"{name}: {message}" for name, message in error.data.data.items()))


contacts = ContactsApi(client(f"{key}__crm-migration"))
report: ImportReport = contacts.upload_v_card(
    file("contacts-export.vcf"),
    list_id="list_crm_migration",
    duplicate_strategy="SKIP",
    tags="crm-import,q2-2026",
)
first = report.errors[0]
print("imported", report.summary.imported, "of", report.summary.total, "into", report.list_id)
print(first.line, first.name, first.reason)
new = contacts.upload_v_card(file("contacts-export.vcf"), list_name="Città & Co.")
print("imported", new.summary.imported, new.list_id != report.list_id)
for number in (1, 2):
    page = contacts.list_contacts(report.list_id, limit=100, page=number)
    print("page", page.page, len(page.contacts), page.contacts[0].phone_number, page.has_more)
quota = SubscriptionApi(client(f"{key}__crm-migration")).get_contact_quota()
print("quota", quota.used, quota.total)

bad, large = file("bad-header.vcf"), file("oversized.vcf")
full = ContactsApi(client(f"{key}__quota-exhausted"))
unknown = ContactsApi(client("nobody"))
show_refusal(lambda: contacts.upload_v_card(bad, list_id="list_crm_migration"))
show_refusal(lambda: unknown.upload_v_card(bad, list_id="list_crm_migration"))
show_refusal(lambda: full.upload_v_card(file("contacts-export.vcf"), list_id="list_crm_migration"))
show_refusal(lambda: contacts.upload_v_card(large, list_id="list_crm_migration"))
