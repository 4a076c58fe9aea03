from __future__ import annotations

import re
import subprocess
import sys
import unicodedata

import phonenumbers
import pytest
from hypothesis import given, settings, strategies as st

from benchmarks.phone_equality import by_the_library, differences
from qlara_sandbox.domain.phone import normaliser

italian = normaliser("IT")


@pytest.mark.parametrize(
    "typed",
    [
        *("347 123 4567", "3471234567", "347.123.4567", "347/1234567", "347/123 45 67", "(347) 1234567"),
        *("+39 347 1234567", "+393471234567", "00393471234567", "0039 347-123-4567", "00 39 347 123 4567"),
        *("393471234567", "39 347 1234567", "(+39) 347 1234567", "++39 347 1234567", "+ 39 347 1234567"),
        *("tel:+39-347-123-4567", "TEL:+39-347-123-4567", "tel:+39-347-123-4567;ext=12", "tel:3471234567"),
        *("tel:347-123-4567;phone-context=+39", "tel:347-123-4567;phone-context=example.com"),
        *("347 1234567 x12", "347 1234567 int. 5", "3471234567,,12#", "+39-347-123-4567;ext=12"),
        *("+39\u00a0347\u00a01234567", "347\u2011123\u20114567", "\u202a+39 347 1234567\u202c"),
        *("٣٤٧١٢٣٤٥٦٧", "３４７１２３４５６７", "+39 347 1234567\u200b", "Mobile: 347 1234567"),
        *("347\u00b7123\u00b74567", "347\u2022123\u20224567", "347\u2009123\u202f4567", "347\u2007123\u30004567"),
        *("3471234567p12", "347 123 4567 p 12", "+393471234567w", "+393471234567P", "347 1234567,", "347 1234567;"),
        *(r"347 1234567\,12", "+393471234567,,,1234#", "+393471234567;1234", "+393471234567,83512#,,*12#"),
        *("tel:+393471234567,,12", "tel:+39-347-123-4567p12", "tel:+39-347-1234567;postd=pp22", "TEL:3471234567;12"),
        *("+39347" + " " * 243 + "1234567", "+39" + "\u200b" * 100_000 + "3471234567", "347" + "-" * 300 + "1234567"),
        *("wa.me/393471234567", "WA.ME/+39 347 1234567", "www.wa.me/393471234567"),
        *("Cellulare aziendale di Maria: 347 1234567", "3471234567," + "1" * 500),
    ],
)  # fmt: skip
def test_a_number_is_the_same_however_it_is_typed(typed: str) -> None:
    assert italian(typed) == "+393471234567"


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("347 1234567", "mobile"),
        ("391 1234567", "mobile that begins like the calling code"),
        ("02 12345678", "fixed line"),
        ("(555) 123-4567", "VoIP"),
        ("199 123456", "personal"),
        ("+1 212 555 0123", "fixed line or mobile"),
        ("+882 1612345678", "VoIP of no country"),
        ("+378 0549 886377", "fixed line of San Marino"),
        ("+7 701 234 5678", "mobile of Kazakhstan, which shares +7"),
    ],
)
def test_a_number_that_a_person_answers_is_usable(typed: str, kind: str) -> None:
    assert italian(typed) is not None, kind


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("800 123456", "toll-free"),
        ("899 123456", "premium rate"),
        ("34712345678", "voicemail, or a digit too many"),
        ("+800 12345678", "toll-free of no country"),
        ("118", "short"),
        ("4898989", "short"),
        ("333 12345", "too short"),
        ("+39 3", "too short"),
        ("+39 2 12345678", "without the zero that Italy keeps"),
        ("+39 (0) 347 1234567", "with a zero that Italy does not have"),
        ("+1 555 123 4567", "no such area"),
        ("3471234567 / 3481234567", "two numbers"),
        ("347 1234567, 348 1234567", "two numbers"),
        ("347 1234567;348 1234567", "two numbers"),
        ("347-1234567 Marco", "letters are digits"),
        ("347\n1234567", "two lines"),
        ("n/d", "no digits"),
        ("", "nothing"),
        ("+", "nothing"),
        ("00", "nothing"),
        ("0" * 300, "too long"),
        ("9" * 1_000_000, "too long"),
        ("+49 30 123456789012", "17 digits, of which the library takes 17 after the calling code"),
        ("+49 30 12345678901234", "16 digits and more are not E.164"),
        ("3471234567;3481234567", "two numbers"),
        ("3471234567,3481234567", "two numbers"),
        ("02 1234567, 7654321", "two numbers"),
        ("347 1234567 e 348 1234567", "two numbers"),
        ("+39 347 1234567 +39 348 1234567", "two numbers"),
        ("+39347" + "x1" * 30, "more text than a number has"),
        ("347" + "1-" * 100_000, "more text than a number has"),
    ],
)
def test_what_no_person_answers_is_not_usable(typed: str, kind: str) -> None:
    assert italian(typed) is None, kind


@pytest.mark.parametrize(
    ("region", "typed", "expected"),
    [
        ("GB", "07911 123456", "+447911123456"),
        ("GB", "+44 (0)7911 123456", "+447911123456"),
        ("FR", "06 12 34 56 78", "+33612345678"),
        ("US", "1 (212) 555-0123", "+12125550123"),
        ("US", "011 39 347 1234567", "+393471234567"),
        ("AR", "011 15 2345 6789", "+5491123456789"),
        ("VA", "347 1234567", "+393471234567"),
    ],
)
def test_a_number_without_prefix_is_read_as_in_the_region(
    region: str, typed: str, expected: str
) -> None:
    assert normaliser(region)(typed) == expected


@pytest.mark.parametrize("region", ["", "XX", "it", "ITA", "39", "001"])
def test_a_region_without_a_calling_code_is_refused_by_name(region: str) -> None:
    with pytest.raises(ValueError, match=f"region {region!r}"):
        normaliser(region)


@pytest.mark.parametrize("region", ["IT", "GB", "US", "AR", "SM"])
def test_the_fast_way_decides_as_the_library_does(region: str) -> None:
    assert differences(seed=2026, count=1_000, region=region) == []


def test_the_fast_way_decides_as_the_library_does_in_every_region() -> None:
    for region in phonenumbers.SUPPORTED_REGIONS:
        assert differences(seed=2026, count=80, region=region) == [], region


@settings(deadline=None)
@given(st.text("+0123456789 -./()\u00a0xXtel:;,#\u0663O", max_size=25))
def test_the_fast_way_decides_as_the_library_does_on_anything(typed: str) -> None:
    assert italian(typed) == by_the_library(typed, "IT")


@settings(deadline=None)
@given(st.text())
def test_what_comes_out_goes_in_again_and_comes_out_the_same(typed: str) -> None:
    number = italian(typed)

    assert number is None or italian(number) == number


SIGNS = [
    chr(code)
    for code in range(0x110000)
    if unicodedata.category(chr(code)) in {"Cf", "Zs", "Zl", "Zp"}
]


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from([*SIGNS, "\t", "\u00b7", "\u2800", "\u3164"]), min_size=13, max_size=13
    )
)
def test_a_number_is_the_same_whatever_nobody_sees_in_it(signs: list[str]) -> None:
    typed = "".join(sign + digit for sign, digit in zip(signs, "+393471234567", strict=True))

    assert italian(typed) == "+393471234567"
    assert italian(typed.replace("+39", "")) == italian("347 1234567")


@settings(deadline=None)
@given(st.text("pwPW,;\\", min_size=1, max_size=3), st.text("0123456789pw,;#*", max_size=8))
def test_what_is_dialled_later_is_no_part_of_a_number(pause: str, later: str) -> None:
    assert italian(f"+39 02 1234567{pause}#{later}") == "+39021234567"
    assert italian(f"347 123 4567{pause}") == "+393471234567"


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)),
    st.text("0123456789", min_size=1, max_size=18),
)
def test_every_number_has_at_most_fifteen_digits_and_at_least_six(region: str, rest: str) -> None:
    code = phonenumbers.country_code_for_region(region)
    for typed in (f"+{code}{rest}", f"+{code} {rest} ext. 1", rest):
        number = normaliser(region)(typed)
        assert number is None or re.fullmatch(r"\+[1-9][0-9]{5,14}", number)


def test_the_library_is_not_imported_before_it_is_needed() -> None:
    program = "import sys, qlara_sandbox.domain.phone; print('phonenumbers' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "3x471234567",
            "3x4",
            "3x",
            "34x71234567",
            "347123x4567",
            "3471234567x",
            "3471234567 x 1",
        ),
        *("3471234567,3481234567", "3471234567w3481234567", "+393471234567;12", "3+471234567,1"),
    ],
)
def test_a_number_with_a_tail_is_what_the_library_says(typed: str) -> None:
    assert italian(typed) == by_the_library(typed, "IT")
