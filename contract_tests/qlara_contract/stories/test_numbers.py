"""Stories about phone numbers: which TEL is taken, and how it is normalised.

Scarce numbers are imported with DUPLICATE, since the account may hold them already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.numbers import e164, spaced
from qlara_contract.oracle import INVALID, MISSING
from qlara_contract.story import exercises
from qlara_contract.strategies import card

if TYPE_CHECKING:
    from qlara_contract.story import ReceivedReport, Story

_SCARCE = "DUPLICATE"


def _takes(story: Story, properties: list[str], number: str, what: str, strategy: str = "") -> None:
    """Import a card with these TEL and compare the contact's number with *number*."""
    report = story.upload(card("Marco Rossi", *properties), strategy=strategy)
    contact, exchange = story.only_contact(report.list_id)
    story.expect(story.promises[0], contact.get("phoneNumber"), number, exchange, what)


def _reasons(report: ReceivedReport) -> list[object]:
    return [each.get("reason") for each in report.errors if isinstance(each, dict)]


@exercises("numbers.e164", creates=4)
def test_a_number_in_international_form_is_stored_as_e164(story: Story) -> None:
    numbers = [story.run.numbers.take() for _ in range(4)]
    last = numbers[3]
    typed = [
        spaced(number).replace(" ", sign) for number, sign in zip(numbers, " -.", strict=False)
    ]
    typed.append(f"{last[:3]} ({last[3:5]}) {last[5:]}")
    text = "".join(card(f"Marco Rossi {each}", f"TEL:{each}") for each in typed)
    page = story.read(story.upload(text).list_id, count=len(typed))
    got = {each.get("name"): each.get("phoneNumber") for each in page.contacts}
    for each, number in zip(typed, numbers, strict=True):
        story.expect(
            "numbers.e164",
            got.get(f"Marco Rossi {each}"),
            number,
            page.exchange,
            f"`{each}` was not normalised.",
        )


@exercises("numbers.default-region", creates=3)
def test_a_national_number_gets_the_prefix_of_the_account(story: Story) -> None:
    numbers, region = story.run.numbers, story.actual.region
    if region == "IT":
        typed = [numbers.take_national(), numbers.take_national()]
        if story.actual.numbers == "any":
            typed.append(numbers.take_roman())
    elif region in numbers.national_of_others():
        typed = [numbers.national_of_others()[region]]
    else:
        reason = f"no number without prefix is known for the region {region}"
        story.not_exercised("numbers.default-region", reason)
        return
    for each in typed:
        expected = e164(each, region)
        what = f"`{each}` did not become {expected}."
        _takes(story, [f"TEL;TYPE=CELL:{each}"], expected, what, _SCARCE)


@exercises("numbers.double-zero", creates=1)
def test_two_zeros_stand_for_the_plus(story: Story) -> None:
    number = story.run.numbers.take()
    typed = "00" + spaced(number)[1:]  # the international prefix of most regions
    _takes(story, [f"TEL:{typed}"], number, f"`{typed}` was not normalised.")


@exercises("numbers.tel-uri", "numbers.tel-uri-parameters", creates=3)
def test_a_tel_uri_is_read_with_its_parameters(story: Story) -> None:
    number = story.run.numbers.take()
    tel = f"TEL;VALUE=uri:tel:{number[:3]}-{number[3:]}"
    report = story.upload(card("Marco Rossi", tel, version="4.0"))
    contact, exchange = story.only_contact(report.list_id)
    got = contact.get("phoneNumber")
    story.expect("numbers.tel-uri", got, number, exchange, "A tel: URI was not read.")
    for written in ("tel:{number};ext=12", "tel:{local};phone-context={prefix}"):
        number = story.run.numbers.take()
        uri = written.format(number=number, local=number[3:], prefix=number[:3])
        report = story.upload(card("Marco Rossi", f"TEL;VALUE=uri:{uri}", version="4.0"))
        page = story.read(report.list_id, count=report.summary.get("imported"))
        story.expect(
            "numbers.tel-uri-parameters",
            page.numbers,
            [number],
            page.exchange,
            f"`{uri}` was not read.",
        )


@exercises("numbers.extension-dropped", creates=2)
def test_an_extension_is_not_part_of_the_number(story: Story) -> None:
    for suffix in (" ext. 12", ";ext=12"):
        number = story.run.numbers.take()
        typed = spaced(number) + suffix
        tel = f"TEL:{typed}" if ";" not in suffix else f"TEL;VALUE=uri:tel:{number}{suffix}"
        _takes(story, [tel], number, f"The extension in `{typed}` was not dropped.")


@exercises("numbers.preferred-first", creates=2)
def test_the_preferred_number_is_taken(story: Story) -> None:
    other, preferred = story.run.numbers.take(), story.run.numbers.take()
    tels = [f"TEL;TYPE=WORK:{other}", f"TEL;TYPE=HOME,PREF:{preferred}"]
    _takes(story, tels, preferred, "The number with TYPE=PREF was not taken.")
    other, preferred = story.run.numbers.take(), story.run.numbers.take()
    report = story.upload(
        card("Marco Rossi", f"TEL;PREF=2:{other}", f"TEL;PREF=1:{preferred}", version="4.0")
    )
    contact, exchange = story.only_contact(report.list_id)
    story.expect(
        "numbers.preferred-first",
        contact.get("phoneNumber"),
        preferred,
        exchange,
        "The number with PREF=1 was not taken.",
    )


@exercises("numbers.mobile-first", creates=1)
def test_a_mobile_number_is_taken_before_others(story: Story) -> None:
    if story.actual.numbers == "mobile":
        story.not_exercised("numbers.mobile-first", "only mobile numbers are contacts")
        return
    fixed, mobile = story.run.numbers.take(), story.run.numbers.take_mobile()
    tels = [f"TEL;TYPE=WORK,VOICE:{fixed}", f"TEL;TYPE=CELL:{mobile}"]
    _takes(story, tels, mobile, "The mobile number was not taken.", _SCARCE)


@exercises("numbers.first-valid", creates=1)
def test_an_invalid_number_does_not_hide_a_valid_one(story: Story) -> None:
    number = story.run.numbers.take()
    tels = ["TEL;TYPE=CELL:n/d", "TEL:", f"TEL;TYPE=WORK:{number}"]
    _takes(story, tels, number, "The valid number after an invalid one was not taken.")


@exercises("numbers.fax-never", creates=3)
def test_fax_and_pager_numbers_are_never_taken(story: Story) -> None:
    fax, number = story.run.numbers.take(), story.run.numbers.take()
    tels = [f"TEL;TYPE=FAX,WORK:{fax}", f"TEL;TYPE=WORK:{number}"]
    _takes(story, tels, number, "The fax number was taken.")
    for kind in ("FAX", "PAGER"):
        report = story.upload(card("Marco Rossi", f"TEL;TYPE={kind}:{story.run.numbers.take()}"))
        story.expect(
            "numbers.fax-never",
            _reasons(report),
            [MISSING],
            report.exchange,
            f"A {kind} number was taken from a card that has no other.",
        )


@exercises("numbers.unusable-kinds", creates=5)
def test_numbers_where_no_person_answers_are_invalid(story: Story) -> None:
    two = "347 123 4567 / 348 123 4567"
    for typed in ("+39 899 123456", "118", "4898989", two, "+33 1 99 00"):
        report = story.upload(card("Marco Rossi", f"TEL:{typed}"))
        story.expect(
            "numbers.unusable-kinds",
            _reasons(report),
            [INVALID],
            report.exchange,
            f"`{typed}` was not reported as invalid.",
        )


@exercises("numbers.empty-is-missing", creates=1)
def test_a_card_with_only_empty_numbers_has_none(story: Story) -> None:
    report = story.upload(card("Anna Neri", "TEL:", "TEL;TYPE=CELL:  "))
    story.expect(
        "numbers.empty-is-missing",
        _reasons(report),
        [MISSING],
        report.exchange,
        "A card with only empty TEL is not reported as missing a number.",
    )
