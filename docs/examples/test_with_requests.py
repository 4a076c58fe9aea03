"""Test code that uses requests, with unittest. Run it with: python test_with_requests.py"""

from __future__ import annotations

import unittest
from typing import TYPE_CHECKING, Any

import requests

import qlara_sandbox.testing

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = """\
BEGIN:VCARD
VERSION:4.0
FN:Amina Haddad
TEL;VALUE=uri;TYPE=cell:tel:+39-320-555-0101
END:VCARD
BEGIN:VCARD
VERSION:4.0
FN:Paolo Serra
TEL;VALUE=uri;TYPE=cell:tel:+39-320-555-0102
END:VCARD
BEGIN:VCARD
VERSION:4.0
FN:Nobody To Call
EMAIL:nobody@example.com
END:VCARD
"""


class Contacts:
    """A small client of the contact API: the code that is to be tested."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self._base = f"{base_url}/api/partner-gateway/v1/contacts"
        self._session = requests.Session()
        self._session.headers["X-Api-Key"] = api_key

    def upload(self, content: str, list_name: str) -> dict[str, Any]:
        """Import a file into a new list and return the report."""
        file = ("contacts.vcf", content.encode(), "text/vcard")
        response = self._session.post(
            f"{self._base}/upload/vcard", files={"file": file}, data={"listName": list_name}
        )
        response.raise_for_status()
        report: dict[str, Any] = response.json()
        return report

    def names(self, list_id: str, *, page_size: int) -> Iterator[str]:
        """Yield the names of a list, page by page."""
        more, page = True, 0
        while more:
            page += 1
            response = self._session.get(
                f"{self._base}/list/{list_id}/contacts", params={"limit": page_size, "page": page}
            )
            response.raise_for_status()
            shown = response.json()
            yield from (contact["name"] for contact in shown["contacts"])
            more = shown["hasMore"]

    def close(self) -> None:
        self._session.close()


class ImportTest(unittest.TestCase):
    server: qlara_sandbox.testing.Sandbox

    @classmethod
    def setUpClass(cls) -> None:
        cls.server = cls.enterClassContext(qlara_sandbox.testing.running())

    def setUp(self) -> None:
        # An account per test: none of them sees what the others do.
        self.sandbox = self.server.account(self.id().replace("_", "-"))
        self.client = Contacts(self.sandbox.base_url, self.sandbox.api_key)
        self.addCleanup(self.client.close)

    def test_who_cannot_be_called_is_reported(self) -> None:
        report = self.client.upload(FILE, "Spring campaign")

        self.assertEqual(report["summary"]["imported"], 2)
        self.assertEqual(
            report["errors"],
            [{"line": 11, "name": "Nobody To Call", "reason": "Missing phone number"}],
        )

    def test_all_pages_are_read(self) -> None:
        report = self.client.upload(FILE, "Spring campaign")

        names = list(self.client.names(report["listId"], page_size=1))

        self.assertEqual(names, ["Amina Haddad", "Paolo Serra"])
        self.assertEqual(len(self.sandbox.requests(operation="listContacts", status=200)), 2)

    def test_a_revoked_key_is_an_error(self) -> None:
        self.sandbox.scenario("revoked-key")

        with self.assertRaises(requests.HTTPError) as caught:
            self.client.upload(FILE, "Spring campaign")

        self.assertEqual(caught.exception.response.status_code, 401)


if __name__ == "__main__":
    unittest.main()
