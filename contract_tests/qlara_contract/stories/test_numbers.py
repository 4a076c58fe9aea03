"""Stories about phone numbers: which TEL is taken, and how it is normalised.

Scarce numbers are imported with DUPLICATE, since the account may hold them already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.numbers import FOREIGN, e164
from qlara_contract.story import exercises
from qlara_contract.strategies import card

if TYPE_CHECKING:
    from qlara_contract.story import Story

_SCARCE = "DUPLICATE"


def _takes(story: Story, properties: list[str], number: str, what: str, strategy: str = "") -> None:
    """Import a card with these TEL and compare the contact's number with *number*."""
    report = story.upload(card("Marco Rossi", *properties), strategy=strategy)
    contact, exchange = story.only_contact(report.list_id)
    story.expect(story.promises[0], contact.get("phoneNumber"), number, exchange, what)


@exercises("numbers.default-region", "numbers.region", creates=4)
def test_a_national_number_gets_the_prefix_of_the_account(story: Story) -> None:
    numbers, region = story.run.numbers, story.actual.region
    observed = story.run.conventions.observations.get("region")
    if observed is None:
        story.not_exercised("numbers.region", "the region was not learnt")
    else:
        story.expect(
            "numbers.region",
            region,
            story.expected.region,
            observed.exchange,
            "A number without prefix gets the one of another region.",
            by="region",
        )
    if region == "IT":
        typed = [numbers.take_national(), numbers.take_national_like_e164()]
        if story.actual.numbers == "any":
            typed.append(numbers.take_roman())
    elif region in numbers.national_of_others():
        typed = [numbers.national_of_others()[region]]
    else:
        reason = f"no number without prefix is known for the region {region}"
        story.not_exercised("numbers.default-region", reason)
        return
    names = {each: f"Marco Rossi {at}" for at, each in enumerate(typed)}
    # A number with a prefix says nothing about those that follow it.
    text = card("Anna Neri", f"TEL:{numbers.take()}")
    text += "".join(card(name, f"TEL;TYPE=CELL:{each}") for each, name in names.items())
    page = story.read(story.upload(text, strategy=_SCARCE).list_id, count=len(typed) + 1)
    got = {str(each.get("name")): each.get("phoneNumber") for each in page.contacts}
    for each, name in names.items():
        expected = e164(each, region)
        what = f"`{each}` did not become {expected}."
        story.expect("numbers.default-region", got.get(name), expected, page.exchange, what)


@exercises("numbers.e164", creates=len(FOREIGN) + 1)
def test_numbers_of_many_countries_are_stored_as_they_are(story: Story) -> None:
    # The digits of its country code are the first of the national number, too.
    numbers = FOREIGN | {"IT": f"+39 {story.run.numbers.take_national_like_e164()}"}
    text = "".join(
        card(f"Marco Rossi {region}", f"TEL;TYPE=CELL:{number}")
        for region, number in numbers.items()
    )
    report = story.upload(text, strategy=_SCARCE)
    page = story.read(report.list_id, count=len(numbers))
    got = {str(each.get("name")): each.get("phoneNumber") for each in page.contacts}
    for region, number in numbers.items():
        story.expect(
            "numbers.e164",
            got.get(f"Marco Rossi {region}"),
            number.replace(" ", ""),
            page.exchange,
            f"`{number}` was not stored as it is.",
        )


@exercises("numbers.tel-uri-parameters", creates=2)
def test_a_tel_uri_is_read_with_its_parameters(story: Story) -> None:
    uris = {}
    for written in ("tel:{number};ext=12", "tel:{local};phone-context={prefix}"):
        number = story.run.numbers.take()
        uris[number] = written.format(number=number, local=number[3:], prefix=number[:3])
    cards = (card("Marco Rossi", f"TEL;VALUE=uri:{uri}", version="4.0") for uri in uris.values())
    report = story.upload("".join(cards))
    page = story.read(report.list_id, count=report.summary.get("imported"))
    for number, uri in uris.items():
        story.expect(
            "numbers.tel-uri-parameters",
            number in page.numbers,
            True,
            page.exchange,
            f"`{uri}` was not read.",
        )


@exercises("numbers.fax-never", creates=2)
def test_a_number_that_nobody_answers_is_not_taken(story: Story) -> None:
    fax, voice, pager = (story.run.numbers.take() for _ in range(3))
    text = card("Marco Rossi", f"TEL;TYPE=FAX:{fax}", f"TEL;TYPE=VOICE:{voice}")
    text += card("Anna Neri", f"TEL;TYPE=PAGER:{pager}")
    report = story.upload(text)
    page = story.read(report.list_id, count=report.summary.get("imported"))
    values = {(voice,): "never", (fax, pager): "used"}
    value = values.get(tuple(sorted(map(str, page.numbers))))
    what = "The number of a fax or pager is taken, or is not."
    story.decides("numbers.fax-never", "numbers.fax", value, page.exchange, what)


@exercises("numbers.mobile-first", creates=1)
def test_a_mobile_number_is_taken_before_others(story: Story) -> None:
    if story.actual.numbers == "mobile":
        story.not_exercised("numbers.mobile-first", "only mobile numbers are contacts")
        return
    fixed, mobile = story.run.numbers.take(), story.run.numbers.take_mobile()
    tels = [f"TEL;TYPE=WORK,VOICE:{fixed}", f"TEL;TYPE=CELL:{mobile}"]
    _takes(story, tels, mobile, "The mobile number was not taken.", _SCARCE)
