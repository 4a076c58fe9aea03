"""The import as a program that uses httpx2 makes it."""

import sys
from pathlib import Path

import httpx2

BASE, FOLDER, KEY = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
UPLOAD = "/api/partner-gateway/v1/contacts/upload/vcard"
LIST = "/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts"


def main() -> None:
    with httpx2.Client(base_url=BASE, timeout=30) as client:

        def upload(name: str, key: str = KEY) -> int:
            with (FOLDER / name).open("rb") as file:
                response = client.post(
                    UPLOAD,
                    headers={"X-Api-Key": key},
                    files={"file": (name, file, "text/vcard")},
                    data={"listId": "list_crm_migration", "tags": "città,q2"},
                )
            return int(response.status_code)

        print(upload("Rubrica Città.vcf"))
        print(client.get(LIST, headers={"X-Api-Key": KEY}).status_code)
        print(upload("no-vcard.vcf"))
        print(upload("Rubrica Città.vcf", "unknown"))
        print(upload("Rubrica Città.vcf", f"{KEY}__quota-exhausted"))
        print(upload("oversized.vcf"))
        last = client.get(LIST, headers={"X-Api-Key": KEY})
        first = last.json()["contacts"][0]
        print(last.status_code, first["name"], *first["tags"])


main()
