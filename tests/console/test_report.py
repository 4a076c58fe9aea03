"""The report of an import as a table: each card that was left out, why, and its lines of the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.console.using import (
    account_of_its_own,
    card,
    demonstrate,
    drop,
    journal,
    send_form,
    upload,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.server import Running


def table(page: Page, within: str = "#report") -> list[list[str]]:
    rows: list[list[str]] = page.locator(f"{within} tbody tr").evaluate_all(
        """(rows) => rows.map((row) => [...row.cells].map(
            (cell) => (cell.querySelector("summary") ?? cell).textContent))"""
    )
    return rows


def test_each_card_that_was_left_out_is_a_row_with_its_line_of_the_file(page: Page) -> None:
    demonstrate(page, "documented-import")

    page.locator("#report tbody tr >> nth=4").wait_for()
    assert table(page) == [
        ["45", "Luca Verdi", "Invalid phone number format", "TEL;TYPE=cell:347 123"],
        ["89", "Anna Neri", "Missing phone number", "BEGIN:VCARD"],
        ["648", "Studio Tecnico Fontana", "Invalid phone number format", "TEL;TYPE=WORK:n/d"],
        [
            "1\u202f126",
            "Giorgio Parisi Conti",
            "Invalid phone number format",
            "TEL;TYPE=cell:347 5550107 / 348 5550108",
        ],
        [
            "1\u202f768",
            "Assistenza Clienti",
            "Invalid phone number format",
            "TEL;TYPE=CELL:4898989",
        ],
    ]


def test_a_row_unfolds_to_the_whole_card_with_the_line_at_fault_marked(page: Page) -> None:
    demonstrate(page, "documented-import")
    page.click("#report .card summary >> nth=0")

    card_lines = page.locator("#report .card >> nth=0").locator("li")
    assert card_lines.evaluate_all("(all) => all.map((one) => [one.value, one.textContent])") == [
        [41, "BEGIN:VCARD"],
        [42, "VERSION:4.0"],
        [43, "N:Verdi;Luca;;;"],
        [44, "FN:Luca Verdi"],
        [45, "TEL;TYPE=cell:347 123"],
        [46, "TEL;TYPE=home:n/d"],
        [47, "EMAIL;TYPE=home:luca.verdi@example.it"],
        [48, "NOTE:Numero incompleto\\, chiedere a Giulia."],
        [49, "END:VCARD"],
    ]
    assert page.locator("#report .at-fault").evaluate_all(
        "(all) => all.map((one) => one.value)"
    ) == [45, 89, 648, 1126, 1768]


def test_many_rows_come_a_part_at_a_time(page: Page, sandbox: Running) -> None:
    account_of_its_own(page, sandbox)
    drop(page, "many.vcf", "".join(card(f"Number {index}", "12") for index in range(120)))
    send_form(page)
    page.locator("#report tbody tr").nth(49).wait_for()
    counts = [len(table(page))]
    while page.is_visible("#report > button"):
        page.click("#report > button")
        counts.append(len(table(page)))

    assert counts == [50, 100, 120]


def test_of_a_very_long_response_the_beginning_shows_and_all_of_it_is_copied(
    page: Page, sandbox: Running
) -> None:
    account_of_its_own(page, sandbox)
    drop(page, "many.vcf", "".join(card(f"Number {index}", "12") for index in range(1000)))
    send_form(page)
    page.locator("#body", has_text="characters more").wait_for()
    page.hover("#body")
    page.click("pre:has(#body) .copy")
    page.locator("pre:has(#body) .copy", has_text="Copied").wait_for()
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))

    assert len(page.inner_text("#body")) < 61_000
    assert len(copied["errors"]) == 1000


def test_a_file_without_a_fault_is_said_to_have_none(page: Page, sandbox: Running) -> None:
    account_of_its_own(page, sandbox)
    drop(page, "one.vcf", card("Anna Neri", "347 123 4567"))
    send_form(page)

    page.locator("#report", has_text="Every card of the file was read.").wait_for()


def test_an_import_from_elsewhere_has_its_table_in_the_journal(
    page: Page, sandbox: Running
) -> None:
    key = account_of_its_own(page, sandbox)
    upload(sandbox, key, card("Anna Neri", "347 123 4567") + card("Luca Verdi", "12"))
    line = f"#entry-{journal(sandbox, apiKey=key)[0]['id']}"
    page.click(f"{line} > summary")
    page.click(f"{line} [data-tab=cards]")

    assert table(page, line) == [["9", "Luca Verdi", "Invalid phone number format", "TEL:12"]]


def test_what_the_file_says_is_text_in_the_table(page: Page, sandbox: Running) -> None:
    account_of_its_own(page, sandbox)
    drop(page, "x.vcf", card("<img src=x onerror=alert(1)>", "<b>12</b>"))
    send_form(page)
    page.locator("#report tbody tr").wait_for()

    assert table(page) == [
        ["4", "<img src=x onerror=alert(1)>", "Invalid phone number format", "TEL:<b>12</b>"]
    ]
    assert page.locator("main img, main b").count() == 0
