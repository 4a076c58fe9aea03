"""Numbers are normalised to E.164."""

from __future__ import annotations

import pytest

from tests.foreign.numbers import e164


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("347 123 4567", "+393471234567"),
        ("+39-347.123/4567", "+393471234567"),
        ("0039 (347) 1234567", "+393471234567"),
        ("tel:+39-347-123-4567;ext=5", "+393471234567"),
        ("tel:3471234567;phone-context=+39", "+393471234567"),
        ("TEL:+39%20347%20123%204567", "+393471234567"),
        ("+39\u00a0347\u2009123\u20134567", "+393471234567"),
        ("+39 347 123 4567 ext. 12", "+393471234567"),
        ("+44 (0)20 7946 0018", "+442079460018"),
        ("06 6981 0000", "+390669810000"),
        ("https://wa.me/393471234567", "+393471234567"),
        ("12", None),
        ("abc", None),
        ("+39 347 123 4567 / +39 348 987 6543", None),
        ("+39 899 123456", None),
        ("+391234567890123456", None),
    ],
)
def test_a_number_as_people_write_it(written: str, number: str | None) -> None:
    assert e164(written, "IT", "person") == number
