"""Stories about real-world vCard files, and what must be read from them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import normalize

from qlara_contract.story import exercises
from qlara_contract.strategies import card

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qlara_contract.story import Story


def _reads(story: Story, content: bytes | str, expected: Mapping[str, object], what: str) -> None:
    """Import a file of one card and compare the contact with *expected*, for the story's promise."""
    report = story.upload(content)
    contact, exchange = story.only_contact(report.list_id)
    got = {name: _composed(contact.get(name)) for name in expected}
    wanted = {name: _composed(value) for name, value in expected.items()}
    story.expect(story.promises[0], got, wanted, exchange, what)


def _composed(value: object) -> object:
    """Return text in the composed normal form: which of the two is stored is nobody's promise."""
    return normalize("NFC", value) if isinstance(value, str) else value


@exercises("cards.version-4", creates=1)
def test_a_card_of_version_4_is_read(story: Story) -> None:
    number = story.run.numbers.take()
    tel = f"TEL;VALUE=uri;TYPE=cell:tel:{number[:3]}-{number[3:6]}-{number[6:]}"
    text = card("Giulia Bianchi", tel, version="4.0", email="giulia@example.com")
    expected = {
        "name": "Giulia Bianchi",
        "phoneNumber": number,
        "email": "giulia@example.com",
    }
    _reads(story, text, expected, "A vCard 4.0 was not read correctly.")


@exercises("cards.other-version", creates=2)
def test_a_card_of_another_version_costs_only_itself(story: Story) -> None:
    number = story.run.numbers.take()
    text = card("Marco Rossi", f"TEL:{story.run.numbers.take()}", version="2.1")
    report = story.upload(text + card("Giulia Bianchi", f"TEL:{number}"))
    counts = {name: report.summary.get(name) for name in ("total", "imported", "errors")}
    values = {(2, 2, 0): "read", (2, 1, 1): "refused"}
    value = values.get((counts["total"], counts["imported"], counts["errors"]))  # type: ignore[arg-type]
    what = f"A file with a 2.1 card and a 3.0 card has other counts: {counts}."
    story.decides("cards.other-version", "version-2.1", value, report.exchange, what)


@exercises("cards.line-ends", creates=2)
def test_lines_may_end_in_lf_or_cr(story: Story) -> None:
    numbers, list_id = dict[str, str](), ""
    for name, eol in (("LF", "\n"), ("CR", "\r")):
        numbers[name] = story.run.numbers.take()
        text = card("Marco Rossi", f"TEL:{numbers[name]}", eol=eol)
        list_id = story.upload(text, list_id=list_id).list_id
    page = story.read(list_id, count=len(numbers))
    for name, number in numbers.items():
        story.expect(
            "cards.line-ends",
            [each.get("name") for each in page.numbered(number)],
            ["Marco Rossi"],
            page.exchange,
            f"A file with {name} line endings was not read.",
        )


@exercises("cards.byte-order-mark", creates=1)
def test_a_byte_order_mark_is_not_part_of_the_card(story: Story) -> None:
    number = story.run.numbers.take()
    content = b"\xef\xbb\xbf" + card("Niccolò Rossi", f"TEL:{number}").encode()
    expected = {"name": "Niccolò Rossi", "phoneNumber": number}
    _reads(story, content, expected, "A file with a byte order mark was not read.")


@exercises("cards.utf-16", creates=2)
def test_a_file_in_utf_16_is_read(story: Story) -> None:
    promise = story.promises[0]
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        number = story.run.numbers.take()
        content = mark + card("Niccolò 山田", f"TEL:{number}").encode(encoding)
        exchange = story.post(story.form(content))
        is_refused = 400 <= exchange.response.status < 500
        if is_refused or story.expected.charset_utf_16 == "refused":
            value = "refused" if is_refused else "read"
            what = f"A file in {encoding} is refused, or is not."
            story.decides(promise, "charset.utf-16", value, exchange, what)
            continue
        report = story.report(exchange)
        contact, exchange = story.only_contact(report.list_id)
        got = [_composed(contact.get(name)) for name in ("name", "phoneNumber")]
        wanted = [_composed("Niccolò 山田"), number]
        story.expect(promise, got, wanted, exchange, f"A file in {encoding} was not read.")


@exercises("cards.windows-1252", creates=1)
def test_a_file_that_is_not_utf_8_is_read_as_windows_1252(story: Story) -> None:
    number = story.run.numbers.take()
    content = card("Niccolò “Nico” Müller", f"TEL:{number}").encode("cp1252")
    report = story.upload(content)
    contact, exchange = story.only_contact(report.list_id)
    name = str(_composed(contact.get("name")))
    # What Windows-1252 has quotation marks for are control characters in ISO 8859-1.
    printed = "".join(each for each in name if each.isprintable())
    values = {
        "Niccolò “Nico” Müller": "windows-1252",
        "Niccolò Nico Müller": "iso-8859-1",
        content.decode("utf-8", "replace").split("FN:")[1].split("\r")[0]: "replaced",
    }
    what = f"A file in Windows-1252 was read as `{printed}`."
    story.decides(story.promises[0], "charset.other", values.get(printed), exchange, what)


@exercises("cards.broken-card", creates=3)
def test_a_card_that_is_never_closed_costs_only_itself(story: Story) -> None:
    first, broken, last = (story.run.numbers.take() for _ in range(3))
    unclosed = card("Luca Verdi", f"TEL:{broken}").replace("END:VCARD\r\n", "")
    text = card("Marco Rossi", f"TEL:{first}") + unclosed + card("Paola Gallo", f"TEL:{last}")
    report = story.upload(text)
    page = story.read(report.list_id, count=2)
    story.expect(
        "cards.broken-card",
        sorted(map(str, page.numbers)),
        sorted([first, last]),
        page.exchange,
        "The cards beside an unclosed card were not all imported.",
    )
    counts = {name: report.summary.get(name) for name in ("total", "imported", "errors")}
    story.expect(
        "cards.broken-card",
        counts,
        {"total": 3, "imported": 2, "errors": 1},
        report.exchange,
        "An unclosed card is not counted as one error.",
    )


@exercises("cards.name-from-n", creates=1)
def test_without_fn_the_name_is_made_of_n(story: Story) -> None:
    number = story.run.numbers.take()
    text = (
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Bianchi;Giulia;;;\r\n"
        f"ORG:Azienda\r\nTEL:{number}\r\nEND:VCARD\r\n"
    )
    report = story.upload(text)
    contact, exchange = story.only_contact(report.list_id)
    story.expect(
        "cards.name-from-n",
        sorted(str(contact.get("name")).replace(",", " ").split()),
        ["Bianchi", "Giulia"],
        exchange,
        "Without FN, the name is not built from N.",
    )


@exercises("cards.name-from-org", creates=1)
def test_without_fn_and_n_the_name_is_the_company(story: Story) -> None:
    number = story.run.numbers.take()
    text = f"BEGIN:VCARD\r\nVERSION:3.0\r\nORG:Trattoria Sole\r\nTEL:{number}\r\nEND:VCARD\r\n"
    expected = {"name": "Trattoria Sole", "phoneNumber": number}
    _reads(story, text, expected, "Without FN and N, the name is not ORG.")
