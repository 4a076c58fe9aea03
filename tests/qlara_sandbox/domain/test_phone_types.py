from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from qlara_sandbox.domain.contacts import Phone
from qlara_sandbox.domain.phone_types import ASCII_STEMS, PhoneUse, phone_use
from qlara_sandbox.domain.vcard import read_cards

NOT_ANSWERED = [
    *(
        "FAX",
        "fax",
        "homefax",
        "workfax",
        "otherfax",
        "FAX_WORK",
        "X-FAX",
        "FAX\\,WORK",
        "HOME\\, FAX",
    ),
    *("x-pager", "PAGER", "workpager", "beeper", "X-EVOLUTION-TTYTDD", "TTY-TDD", "TTY/TDD", "tdd"),
    *(
        "X-EVOLUTION-TELEX",
        "telex",
        "X-TELEX",
        "modem",
        "BBS",
        "textphone",
        "text-phone",
        "TextPhone",
    ),
    *(
        "_$!<HomeFAX>!$_",
        "_$!<WorkFAX>!$_",
        "_$!<OtherFAX>!$_",
        "_$!<Pager>!$_",
        "Work Fax",
        "Home fax",
    ),
    *(
        "faxnumber",
        "BusinessFax",
        "business_fax",
        "FAX2",
        "Fax ufficio",
        "Telefax",
        "Faxnummer",
        "Bürofax",
    ),
    *(
        "télécopie",
        "Télécopieur",
        "faks",
        "факс",
        "Рабочий факс",
        "φαξ",
        "ファックス",
        "传真",
        "住宅传真",
        "팩스",
    ),
    *("cercapersone", "Текстовый телекс", "Text Telephone", "TELETYPEWRITER", "facsimile"),
]
MOBILE = [
    *(
        "CELL",
        "cell",
        "CELLULAR",
        "MOBILE",
        "x-mobile",
        "X-CELL",
        "WORK_MOBILE",
        "Mobil",
        "PCS",
        "mobil",
    ),
    *(
        "CELL\\,VOICE",
        "VOICE\\, CELL",
        "text",
        "TEXT",
        "sms",
        "_$!<Mobile>!$_",
        "Mobile",
        "iPhone",
        "IPHONE",
    ),
    *(
        "workmobile",
        "WorkMobile",
        "homecell",
        "cellphone",
        "Cell Phone",
        "mobilephone",
        "Mobiltelefon",
    ),
    *(
        "Cellulare",
        "telefono cellulare",
        "Móvil",
        "Telemóvel",
        "Portable",
        "Handy",
        "GSM",
        "мобильный",
    ),
    *(
        "携帯",
        "携帯電話",
        "手机",
        "휴대폰",
        "matkapuhelin",
        "Cellulare lavoro",
        "X-EVOLUTION-MOBILE",
    ),
]
ANYBODY = [
    *(
        "",
        "HOME",
        "WORK",
        "VOICE",
        "work,voice",
        "MAIN",
        "OTHER",
        "X-EVOLUTION-COMPANY",
        "Ufficio",
        "video",
    ),
    *(
        "Halifax",
        "Fairfax office",
        "Automobile",
        "Excellent",
        "Context",
        "cancelled",
        "Sofa Xerox",
        "car",
    ),
    *(
        "_$!<Home>!$_",
        "_$!<Work>!$_",
        "_$!<Main>!$_",
        "Casa",
        "会社",
        "assistant",
        "callback",
        "radio",
    ),
]


@pytest.mark.parametrize("types", NOT_ANSWERED)
def test_a_machine_is_known_by_any_of_its_names(types: str) -> None:
    assert not phone_use(types).answered


@pytest.mark.parametrize("types", MOBILE)
def test_a_mobile_number_is_known_by_any_of_its_names(types: str) -> None:
    assert phone_use(types).answered
    assert phone_use(types).mobile


@pytest.mark.parametrize("types", ANYBODY)
def test_any_other_number_is_somebody_s_and_not_mobile(types: str) -> None:
    assert phone_use(types).answered
    assert not phone_use(types).mobile


def phones(*lines: str) -> list[str]:
    text = "\n".join(["BEGIN:VCARD", "VERSION:3.0", *lines, "END:VCARD", ""])
    (card,) = read_cards(text.encode())
    return [phone.text for phone in card.phones]


@pytest.mark.parametrize("types", NOT_ANSWERED)
def test_a_machine_is_never_called_whether_a_type_or_a_label_says_so(types: str) -> None:
    quoted = types if types.isascii() and "\\" in types else f'"{types}"'

    assert phones(f"TEL;TYPE={quoted}:1", "TEL:2") == ["2"]
    assert phones("item1.TEL:1", f"item1.X-ABLabel:{types}", "TEL:2") == ["2"]
    assert phones(f"ITEM1.X-ABLABEL:{types}", "TEL:2", "item1.TEL;TYPE=CELL:1") == ["2"]


@pytest.mark.parametrize("types", MOBILE)
def test_a_mobile_number_comes_first_whether_a_type_or_a_label_says_so(types: str) -> None:
    quoted = types if types.isascii() and "\\" in types else f'"{types}"'

    assert phones("TEL;TYPE=WORK:1", f"TEL;TYPE={quoted}:2") == ["2", "1"]
    assert phones("TEL;TYPE=HOME:1", "item2.TEL:2", f"item2.X-ABLabel:{types}") == ["2", "1"]


def test_a_label_is_that_of_its_own_group_alone() -> None:
    assert phones(
        "item1.TEL:1", "item2.URL:x", "item2.X-ABLabel:Fax", "X-ABLabel:Fax", "TEL:2"
    ) == [*("1", "2")]


def test_the_label_of_an_address_is_none_of_a_number() -> None:
    assert phones("item1.TEL:1", "item1.LABEL:Fax", "item1.ADR:;;Via Fax 1") == ["1"]


def test_a_preferred_number_may_say_so_in_any_way() -> None:
    assert phones("TEL:1", "TEL;TYPE=WORK\\,PREF:2") == ["2", "1"]


def test_whatsapp_names_a_number_of_its_own() -> None:
    text = (
        "BEGIN:VCARD\nVERSION:3.0\nFN:A\nitem1.TEL;waid=393471234567:n/d\nTEL;TYPE=FAX;waid=393480000000:1"
        "\nTEL;waid=393481234567:\nTEL;waid=x:347 1\nEND:VCARD\n"
    )
    (card,) = read_cards(text.encode())

    assert card.phones == (
        Phone("n/d", 4),
        Phone("+393471234567", 4),
        Phone("+393481234567", 6),
        Phone("347 1", 7),
    )
    assert card.first_phone_line == 4


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("sms:+39-347-123-4567", "+39-347-123-4567"),
        ("SMS:+393471234567?body=ciao", "+393471234567"),
        ("smsto:347 123 4567", "347 123 4567"),
        ("callto:+393471234567", "+393471234567"),
        ("callto://+39%20347%201234567", "+39 347 1234567"),
        ("tel://+393471234567", "tel:+393471234567"),
        ("https://wa.me/393471234567", "+393471234567"),
        ("HTTP://WA.ME/+393471234567?text=ciao", "+393471234567"),
        ("https://api.whatsapp.com/send?phone=393471234567&text=x", "+393471234567"),
        ("https://api.whatsapp.com/send/?text=x&phone=%2B393471234567", "+393471234567"),
        ("whatsapp://send?phone=393471234567", "+393471234567"),
    ],
)
def test_the_number_in_a_link_is_a_number(value: str, expected: str) -> None:
    assert phones(f"TEL:{value}") == [expected]
    assert phones(f"TEL;VALUE=uri:{value}") == [expected]


@pytest.mark.parametrize(
    "value",
    ["https://wa.me/message/ABC", "https://example.com/393471234567", "sip:347@example.com"],
)
def test_another_link_is_no_number(value: str) -> None:
    assert phones(f"TEL;VALUE=uri:{value}") == []


@given(st.text(st.sampled_from("TEXCLMOBILFAXPRtexclmobilfaxpr -_1,;"), max_size=12))
def test_types_without_a_known_stem_in_their_letters_say_nothing(types: str) -> None:
    letters = "".join(filter(str.isalpha, types.upper()))

    says_nothing = phone_use(types) == PhoneUse(answered=True, mobile=False, preferred=False)
    assert says_nothing or any(stem in letters for stem in ASCII_STEMS)
