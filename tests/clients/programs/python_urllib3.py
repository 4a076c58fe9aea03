"""The import as a program that uses urllib3 makes it."""

import sys
from pathlib import Path

import urllib3

BASE, FOLDER, KEY = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
UPLOAD = f"{BASE}/api/partner-gateway/v1/contacts/upload/vcard"
LIST = f"{BASE}/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts"
pool = urllib3.PoolManager(retries=False)


def upload(name: str, key: str = KEY) -> int:
    fields: dict[str, str | tuple[str, bytes, str]] = {
        "file": (name, (FOLDER / name).read_bytes(), "text/vcard"),
        "listId": "list_crm_migration",
        "tags": "città,q2",
    }
    return pool.request("POST", UPLOAD, headers={"X-Api-Key": key}, fields=fields).status


print(upload("Rubrica Città.vcf"))
print(pool.request("GET", LIST, headers={"X-Api-Key": KEY}).status)
print(upload("no-vcard.vcf"))
print(upload("Rubrica Città.vcf", "unknown"))
print(upload("Rubrica Città.vcf", f"{KEY}__quota-exhausted"))
print(upload("oversized.vcf"))
last = pool.request("GET", LIST, headers={"X-Api-Key": KEY})
first = last.json()["contacts"][0]
print(last.status, first["name"], *first["tags"])
