"""What our client expects of the API, as a pact: python consumer.py FOLDER writes it there."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
from pact import Pact, match

KEY = {"X-Api-Key": "sandbox_pact"}
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Marco Rossi\r\nTEL:347 123 4567\r\nEND:VCARD\r\n"
UPLOAD = "/api/partner-gateway/v1/contacts/upload/vcard"
LIST = "/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts"


class QuotaExhausted(Exception):
    """The plan has no room for the contacts of a file."""


def import_card(base_url: str) -> int:
    """Import one card and return how many contacts came of it: the code that is to be tested."""
    files = {"file": ("contacts.vcf", CARD, "text/vcard")}
    # A boundary of its own, so that the pact is the same whenever it is written.
    form = {**KEY, "Content-Type": "multipart/form-data; boundary=pact"}
    data = {"listId": "list_crm_migration"}
    response = httpx.post(f"{base_url}{UPLOAD}", files=files, data=data, headers=form)
    if response.status_code == 409:
        raise QuotaExhausted(response.json()["data"]["contacts"])
    imported: int = response.json()["summary"]["imported"]
    return imported


def names(base_url: str) -> list[str]:
    """Return the names on the first page of the list: the code that is to be tested, too."""
    response = httpx.get(f"{base_url}{LIST}", params={"limit": 10}, headers=KEY)
    return [contact["name"] for contact in response.json()["contacts"]]


FORM = (
    '--pact\r\nContent-Disposition: form-data; name="listId"\r\n\r\nlist_crm_migration\r\n'
    '--pact\r\nContent-Disposition: form-data; name="file"; filename="contacts.vcf"\r\n'
    f"Content-Type: text/vcard\r\n\r\n{CARD}\r\n--pact--\r\n"
)


def main(folder: Path) -> None:
    pact = Pact("contacts-client", "qlara-contact-api")
    (
        pact.upon_receiving("an import")
        .given("an empty account")
        .with_request("POST", UPLOAD)
        .with_headers(KEY)
        .with_body(FORM, "multipart/form-data; boundary=pact")
        .will_respond_with(200)
        .with_body({"importId": match.str("imp_1"), "summary": {"total": 1, "imported": 1}})
    )
    (
        pact.upon_receiving("an import into a full plan")
        .given("the plan is full")
        .with_request("POST", UPLOAD)
        .with_headers(KEY)
        .with_body(FORM, "multipart/form-data; boundary=pact")
        .will_respond_with(409)
        .with_body({"status": "fail", "data": {"contacts": match.str("Contact quota exceeded.")}})
    )
    (
        pact.upon_receiving("the first page of a list")
        .given("a list with contacts")
        .with_request("GET", LIST)
        .with_query_parameter("limit", "10")
        .with_headers(KEY)
        .will_respond_with(200)
        .with_body({"contacts": match.each_like({"name": match.str("Marco Rossi")}, min=1)})
    )
    with pact.serve() as server:
        url = str(server.url)
        print("imported:", import_card(url))
        print("names:", names(url))
    pact.write_file(folder, overwrite=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
