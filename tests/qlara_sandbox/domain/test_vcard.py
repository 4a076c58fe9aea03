from __future__ import annotations

import codecs

import pytest

from qlara_sandbox.domain.contacts import Card, Phone
from qlara_sandbox.domain.errors import NotAVCard, UnterminatedVCard
from qlara_sandbox.domain.vcard import NOT_CLOSED, read_cards

ADVICE = "Export the contacts as vCard 3.0"


def file(*lines: str, version: str = "3.0", encoding: str = "utf-8") -> bytes:
    """Return a file of one card; its first property is on line 3."""
    text = "\r\n".join(("BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""))
    return text.encode(encoding)


def only(data: bytes) -> Card:
    (card,) = read_cards(data)
    return card


def name(*lines: str) -> str:
    return only(file(*lines)).name


def typed(*lines: str) -> list[str]:
    return [phone.text for phone in only(file(*lines, version="4.0")).phones]


def faults(data: bytes) -> list[tuple[str, str, int]]:
    return [(card.name, card.fault, card.fault_line) for card in read_cards(data)]


# The whole card


def test_a_card_gives_name_phones_email_and_address_with_their_lines() -> None:
    data = file(
        "FN:Giulia Bianchi",
        "TEL;TYPE=WORK:02 1234567",
        "TEL;TYPE=CELL:347 123 4567",
        "EMAIL;TYPE=INTERNET:g.bianchi@company.example",
        "ADR;TYPE=HOME:;;Via Roma 1;Milano;MI;20121;Italia",
    )

    assert list(read_cards(data + data)) == [
        Card(
            line=line,
            name="Giulia Bianchi",
            phones=(Phone("347 123 4567", line + 4), Phone("02 1234567", line + 3)),
            first_phone_line=line + 3,
            email="g.bianchi@company.example",
            address="Via Roma 1, 20121 Milano, MI, Italia",
        )
        for line in (1, 9)
    ]


def test_an_empty_card_is_a_card_that_offers_nothing() -> None:
    assert only(file()) == Card(line=1, name="")


# Files that are no vCard files


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n \r\n\t\n",
        b"hello world",
        b"X-A:1\r\nBEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n",
        b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        b"END:VCARD\r\nBEGIN:VCARD\r\nEND:VCARD\r\n",
        b"item1.BEGIN:VCARD\r\nEND:VCARD\r\n",
        "hello\r\nBEGIN:VCARD\r\nEND:VCARD\r\n".encode("utf-16-le"),
        b"item1.BEGIN:VCARD\r\nEND:VCARD\r\n" + b"BEGIN:VCARD\r\nEND:VCARD\r\n",
    ],
)
def test_a_file_that_does_not_begin_with_a_card_is_refused(data: bytes) -> None:
    with pytest.raises(NotAVCard):
        list(read_cards(data))


@pytest.mark.parametrize(
    "start", [b"", codecs.BOM_UTF8, b"\r\n\r\n", b"  \t", codecs.BOM_UTF8 + b"\n \n\t"]
)
@pytest.mark.parametrize(
    "begin", [b"BEGIN:VCARD", b"begin:vcard", b"Begin:vCard  ", b"BEGIN : VCARD"]
)
def test_the_header_may_follow_blanks_and_be_in_any_case(start: bytes, begin: bytes) -> None:
    data = start + begin + b"\r\nVERSION:3.0\r\nFN:A\r\nend:vcard \r\n"

    assert only(data) == Card(line=1 + start.count(b"\n"), name="A")


@pytest.mark.parametrize(
    "end", [b"", b"FN:A\r\n", b"END:VCAR", b"END:VCALENDAR\r\n", b"X:END:VCARD"]
)
def test_a_file_whose_last_card_is_not_closed_is_refused(end: bytes) -> None:
    with pytest.raises(UnterminatedVCard):
        list(read_cards(file("FN:First") + b"BEGIN:VCARD\r\nVERSION:3.0\r\n" + end))


def test_the_last_line_needs_no_line_end() -> None:
    assert only(file("FN:A").rstrip()) == Card(line=1, name="A")


# Broken cards


@pytest.mark.parametrize(
    ("version", "fault", "line"),
    [
        ("VERSION:2.1", f"Unsupported vCard version '2.1': expected 3.0 or 4.0. {ADVICE}", 4),
        ("VERSION:5.0", f"Unsupported vCard version '5.0': expected 3.0 or 4.0. {ADVICE}", 4),
        ("VERSION:", f"Unsupported vCard version: none given, expected 3.0 or 4.0. {ADVICE}", 2),
        ("NOTE:x", f"Unsupported vCard version: none given, expected 3.0 or 4.0. {ADVICE}", 2),
        (
            "VERSION:" + "9" * 99,
            f"Unsupported vCard version {'9' * 20!r}: expected 3.0 or 4.0. {ADVICE}",
            4,
        ),
    ],
)
def test_a_card_of_another_version_is_an_error_of_its_own(
    version: str, fault: str, line: int
) -> None:
    odd = f"\r\nBEGIN:VCARD\r\nFN:Odd\r\n{version}\r\nEND:VCARD\r\n".encode()

    assert faults(odd + file("FN:Next")) == [("Odd", fault, line), ("Next", "", 0)]


def test_a_version_may_be_written_loosely() -> None:
    assert faults(b"BEGIN:VCARD\nversion: 4\n .0 \nFN:A\nEND:VCARD") == [("A", "", 0)]


def test_a_card_that_is_not_closed_costs_only_itself() -> None:
    data = b"BEGIN:VCARD\nVERSION:3.0\nFN:Open\nTEL:1\n" + file("FN:Next", "TEL:2")

    assert list(read_cards(data)) == [
        Card(1, "Open", (Phone("1", 4),), 4, fault=NOT_CLOSED, fault_line=1),
        Card(5, "Next", (Phone("2", 8),), 8),
    ]


def test_what_is_no_property_is_passed_over() -> None:
    data = file("garbage", "FN:A", "", ":", "=", ";;;", "TEL", "TEL;:", "TEL:347", "END:VCALENDAR")

    assert only(data) == Card(1, "A", (Phone("347", 11),), 11)


def test_text_between_cards_is_passed_over() -> None:
    between = b"END:VCARD\nFN:Nobody\nTEL:1\nAGENT:\nhello\n"

    assert list(read_cards(file("FN:A") + between + file("FN:B"))) == [Card(1, "A"), Card(10, "B")]


def test_an_agent_in_a_card_belongs_to_that_card() -> None:
    agent = ["BEGIN:VCARD", "VERSION:2.1", "FN:Agent", "TEL:1", "AGENT:", "BEGIN:VCARD", "FN:Deep"]
    data = file("AGENT:", *agent, "END:VCARD", "TEL:2", "END:VCARD", "TEL:3", "FN:Boss")

    assert list(read_cards(data + file("FN:Next"))) == [
        Card(1, "Boss", (Phone("3", 14),), 14),
        Card(17, "Next"),
    ]


@pytest.mark.parametrize(
    "agent",
    [
        ["AGENT:BEGIN:VCARD", "FN:Agent", "END:VCARD"],
        ["AGENT:", "", "  ", "BEGIN:VCARD", "FN:Agent", "END:VCARD"],
        ["AGENT:BEGIN:VCARD\\nFN:Agent\\nTEL:1\\nEND:VCARD\\n"],
        ["AGENT;VALUE=uri:CID:agent@example.com"],
    ],
)
def test_an_agent_may_be_written_in_four_ways(agent: list[str]) -> None:
    assert [card.name for card in read_cards(file(*agent, "FN:Boss"))] == ["Boss"]


def test_an_agent_that_is_not_closed_costs_its_parent_but_not_the_next_card() -> None:
    data = b"BEGIN:VCARD\nVERSION:3.0\nFN:Boss\nAGENT:\nBEGIN:VCARD\nFN:Agent\n" + file("FN:Next")

    assert faults(data) == [("Boss", NOT_CLOSED, 1), ("Next", "", 0)]


# Bytes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252"])
def test_a_file_may_be_in_utf_8_utf_16_or_windows_1252(encoding: str) -> None:
    assert only(file("FN:Nicolò Müller €", encoding=encoding)).name == "Nicolò Müller €"


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b""])
@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_utf_16_needs_no_byte_order_mark_and_not_even_the_right_one(
    mark: bytes, order: str
) -> None:
    assert only(mark + file("FN:😀 Zoë", encoding=order)).name == "😀 Zoë"


@pytest.mark.parametrize(
    ("charset", "encoding", "text"),
    [
        ("SHIFT_JIS", "shift_jis", "山田太郎"),
        ("windows-1251", "cp1251", "Ольга"),
        ("ISO-2022-JP", "iso2022_jp", "山田太郎"),
        ("UTF-8", "utf-8", "Ольга"),
        ("no-such-charset", "cp1252", "Müller"),
        ("punycode", "cp1252", "Müller"),
        ("utf-16", "cp1252", "Müller"),
        ("rot13", "cp1252", "Müller"),
        ("\0", "cp1252", "Müller"),
        ("ascii", "cp1252", "Müller"),
        ("ISO-8859-1", "utf-8", "Müller"),  # what is valid UTF-8 is no accident
    ],
)
def test_a_declared_charset_is_used_where_the_value_is_not_utf_8(
    charset: str, encoding: str, text: str
) -> None:
    line = f"FN;CHARSET={charset}:".encode() + text.encode(encoding)
    data = file("X:1").replace(b"X:1", line)

    assert only(data).name == text


def test_a_fold_may_be_inside_a_character() -> None:
    folded = "FN:Nicolò".encode().replace(b"\xb2", b"\r\n \xb2")

    assert only(file("X:1").replace(b"X:1", folded)).name == "Nicolò"


@pytest.mark.parametrize("fold", ["\r\n ", "\n ", "\r ", "\r\n\t", "\n\t", "\r\t"])
def test_a_line_may_be_folded_anywhere_and_still_counts(fold: str) -> None:
    card = only(
        file(f"F{fold}N{fold}:A{fold}B\\{fold}, C", f"TEL;TYPE=CE{fold}LL:34{fold}7", "TEL:1")
    )

    assert card == Card(1, "AB, C", (Phone("347", 8), Phone("1", 11)), 8)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_lf_crlf_and_cr(line_end: str) -> None:
    data = file("", "FN:A", "TEL:1").replace(b"\r\n", line_end.encode())

    assert only(data) == Card(1, "A", (Phone("1", 5),), 5)


@pytest.mark.parametrize("line_end", ["\r\r\n", "\r\r\r\n"])
def test_a_line_end_that_was_converted_twice_is_one_line_end(line_end: str) -> None:
    data = file("FN:Maria An", " tonietta", "\tBianchi", "TEL:1")

    assert list(read_cards(data.replace(b"\r\n", line_end.encode()) + data)) == [
        Card(line, "Maria AntoniettaBianchi", (Phone("1", line + 5),), line + 5) for line in (1, 8)
    ]


def test_lines_that_end_in_all_ways_are_counted_as_an_editor_does() -> None:
    data = b"BEGIN:VCARD\nVERSION:3.0\r\nFN:A\rNOTE:x\r\r\n y\r\nTEL:1\n\nEND:VCARD\r\r\n"

    assert list(read_cards(data + file("FN:B"))) == [
        Card(1, "A", (Phone("1", 6),), 6),
        Card(9, "B"),
    ]


def test_a_nul_is_no_fold_and_no_part_of_a_value() -> None:
    assert only(file("NO\0TE:x", "FN:A\0B", "TEL:3\0\0 4")) == Card(1, "AB", (Phone("3 4", 5),), 5)


@pytest.mark.parametrize("gap", ["=\r\n", "=\n", "=\r\n ", "\r\n "])
def test_quoted_printable_neither_derails_lines_nor_cards(gap: str) -> None:
    data = file(
        f"FN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:Nicol{gap}=C3=B2", "TEL:1", version="2.1"
    )
    first, second = read_cards(data + file("FN:Next"))

    assert (first.name, first.phones) == ("Nicolò", (Phone("1", 5),))
    assert second == Card(7, "Next")


def test_a_quoted_printable_value_of_several_lines_hides_no_property() -> None:
    data = file("NOTE;QUOTED-PRINTABLE:a=0D=0A=", "TEL:1=", "FN:no", "FN:yes", "TEL:2")

    assert only(data) == Card(1, "yes", (Phone("2", 7),), 7)


def test_a_quoted_printable_value_that_is_cut_off_swallows_no_card() -> None:
    data = file("FN:A", "NOTE;ENCODING=QUOTED-PRINTABLE:cut off=")

    assert list(read_cards(data + data)) == [Card(1, "A"), Card(6, "A")]


# Names


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["FN:  Marco Rossi "], "Marco Rossi"),
        (["FN:Rossi, Marco"], "Rossi, Marco"),
        ([r"FN:a\, b\; c\\d\ne\: \x"], r"a, b; c\d e: \x"),
        (["FN:ends with \\"], "ends with \\"),
        (["FN:\x07Bell\x7f\x1b\tTab"], "Bell Tab"),
        (["FN:Nicolo\u0300"], "Nicolò"),
        (["FN:山田 太郎"], "山田 太郎"),
        (["fn:lower"], "lower"),
        (["item1.FN:grouped"], "grouped"),
        (["FN ;LANGUAGE=it:spaced"], "spaced"),
        (["FN:", "FN:  ", "FN:third"], "third"),
        (["FN;PREF=2:second", "FN;PREF=1:first"], "first"),
        (["FN:", "N:Rossi;Mario;Luca;Dr.;Jr."], "Dr. Mario Luca Rossi Jr."),
        (["N:Rossi"], "Rossi"),
        ([r"N:Rossi\;Bianchi;Anna,Maria;;;;extra"], "Anna Maria Rossi;Bianchi"),
        (["N:;;;;", "ORG:Acme\\, Inc.;Sales"], "Acme, Inc."),
        (["N:;;;;", "ORG:;Sales"], "Sales"),
        (["NICKNAME:Nick", "NOTE:x"], ""),
    ],
)
def test_the_name_is_fn_or_else_n_or_else_org(lines: list[str], expected: str) -> None:
    assert name(*lines) == expected


# Other values


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["EMAIL:", "EMAIL: a@example.com "], "a@example.com"),
        (["EMAIL:a@example.com", "EMAIL;TYPE=work,pref:b@example.com"], "b@example.com"),
        (["EMAIL;TYPE=pref:a@example.com", "EMAIL;PREF=3:b@example.com"], "b@example.com"),
        (["EMAIL;PREF=0:a@example.com", "EMAIL;PREF=x:b@example.com"], "a@example.com"),
    ],
)
def test_the_email_is_the_preferred_one_or_else_the_first(lines: list[str], expected: str) -> None:
    assert only(file(*lines)).email == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ADR:;;;;;;", ""),
        ("ADR:P.O. Box 1;Scala B;Via Roma 1;Milano;MI;20121;Italia",
         "P.O. Box 1, Scala B, Via Roma 1, 20121 Milano, MI, Italia"),
        (r"ADR:;;Via Roma 1\, int. 2\nScala C;Milano", "Via Roma 1, int. 2 Scala C, Milano"),
        ("ADR:;;Via Roma 1,Scala C;;;20121;", "Via Roma 1, Scala C, 20121"),
        ('ADR;LABEL="a: b; c":;;Via Roma 1', "Via Roma 1"),
    ],
)  # fmt: skip
def test_an_address_is_joined_on_one_line(line: str, expected: str) -> None:
    assert only(file(line)).address == expected


# Phones


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["TEL:1", "TEL:2"], ["1", "2"]),
        (["TEL;TYPE=HOME:1", "TEL;TYPE=CELL:2"], ["2", "1"]),
        (["TEL;TYPE=CELL:1", "TEL;TYPE=WORK;TYPE=pref:2"], ["2", "1"]),
        (["TEL;TYPE=pref:1", "TEL;PREF=100:2", "TEL;PREF=1:3"], ["3", "2", "1"]),
        (["TEL;PREF=1:1", "TEL;PREF=1;TYPE=cell:2"], ["2", "1"]),
        (
            ["TEL;PREF=101:1", "TEL;PREF=-1:2", "TEL;PREF=:3", 'TEL;PREF="7":4'],
            ["4", "1", "2", "3"],
        ),
        (["TEL;HOME:1", "TEL;CELL;VOICE:2", "TEL;PREF;WORK:3"], ["3", "2", "1"]),
        (["TEL:1", 'TEL;TYPE="voice,cell":2'], ["2", "1"]),
        (["TEL:1", "TEL;TYPE=voice,cell:2"], ["2", "1"]),
        (["TEL:1", 'TEL;type="home","Cell":2'], ["2", "1"]),
        (["TEL:1", "item1.tel;Type=CeLl:2", "a.b.TEL;TYPE=pref:3"], ["3", "2", "1"]),
        (['TEL;X="a:b;c,d";TYPE=CELL:1', "TEL:2"], ["1", "2"]),
        (['TEL;X=5":1', 'TEL;TYPE="cell:2'], ["2", "1"]),
        (["TEL;X=^'a^n^^:1"], ["1"]),
        (["TEL;TYPE=FAX:1", "TEL;TYPE=HOME,FAX:2", "TEL;FAX:3", 'TEL;TYPE="work,fax":4'], []),
        (["TEL;TYPE=PAGER:1", "TEL;TYPE=MODEM:2", "TEL;TYPE=textphone:3", "TEL;TYPE=bbs:4"], []),
        (["TEL:", "TEL:  ", "TEL:\t\x07"], []),
        ([r"TEL:347\;123\, 4"], ["347;123, 4"]),
    ],
)
def test_phones_are_tried_preferred_then_mobile_then_in_file_order_and_never_a_fax(
    lines: list[str], expected: list[str]
) -> None:
    assert typed(*lines) == expected


def test_the_first_phone_line_is_that_of_the_first_usable_one_in_the_file() -> None:
    data = file("TEL;TYPE=FAX:1", "TEL:", "TEL:2", "TEL;TYPE=PREF:3")

    assert only(data) == Card(1, "", (Phone("3", 6), Phone("2", 5)), first_phone_line=5)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("TEL;VALUE=uri:tel:+39-347-123-4567;ext=12", ["tel:+39-347-123-4567;ext=12"]),
        ("TEL;VALUE=uri:tel:%2B39%20347;phone-context=%2B39", ["tel:+39 347;phone-context=+39"]),
        ("TEL;VALUE=uri:tel:347%3B1", ["tel:347%3B1"]),
        ("TEL:tel:347", ["tel:347"]),
        ("TEL;VALUE=uri:347", ["347"]),
        ("TEL;VALUE=uri:sip:+39347@example.com", []),
        ("TEL;VALUE=URI:geo:1", []),
        ("TEL:sip:+39347@example.com", []),
        ("TEL:Ufficio: 347", ["Ufficio: 347"]),
    ],
)
def test_a_uri_is_a_phone_if_it_is_a_tel_uri(line: str, expected: list[str]) -> None:
    assert typed(line) == expected
