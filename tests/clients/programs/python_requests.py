"""The import as a program that uses requests makes it."""

import sys
from pathlib import Path

import requests

BASE, FOLDER, KEY = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
UPLOAD = f"{BASE}/api/partner-gateway/v1/contacts/upload/vcard"
LIST = f"{BASE}/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts"
session = requests.Session()


def upload(name: str, key: str = KEY) -> int:
    with (FOLDER / name).open("rb") as file:
        response = session.post(
            UPLOAD,
            headers={"X-Api-Key": key},
            files={"file": (name, file, "text/vcard")},
            data={"listId": "list_crm_migration", "tags": "città,q2"},
        )
    return response.status_code


def listed(key: str = KEY) -> requests.Response:
    return session.get(LIST, headers={"X-Api-Key": key})


print(upload("Rubrica Città.vcf"))
print(listed().status_code)
print(upload("no-vcard.vcf"))
print(upload("Rubrica Città.vcf", "unknown"))
print(upload("Rubrica Città.vcf", f"{KEY}__quota-exhausted"))
print(upload("oversized.vcf"))
last = listed()
print(last.status_code, last.json()["contacts"][0]["name"], *last.json()["contacts"][0]["tags"])
