"""Shows what a switch changes: the responses of a deployment to one long conversation."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.foreign.deployment import SEEDED_LIST, Deployment
from tests.foreign.messages import Request, Response
from tests.foreign.serving import (
    EXHAUSTED_KEY,
    KEY,
    NEARLY_EXHAUSTED_KEY,
    SECOND_KEY,
    UNPERMITTED_KEY,
    default_accounts,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tests.foreign.switch import Switch

_START = datetime(2026, 4, 9, 11, 0, 10, 123456, timezone(timedelta(hours=2)))
_UPLOAD = "/api/partner-gateway/v1/contacts/upload/vcard"
_QUOTA = "/api/v1/partner-gateway/subscription/contacts"
_HEAD = 'form-data; name="file"; filename="contacts.vcf"'


def card(*lines: str, version: str = "3.0", name: str = "Anna Neri") -> str:
    """Return a card; without a line that begins with FN it has the *name*."""
    named = () if any(_is_name(line) for line in lines) else (f"FN:{name}",)
    return "\r\n".join(("BEGIN:VCARD", f"VERSION:{version}", *named, *lines, "END:VCARD", ""))


def _is_name(line: str) -> bool:
    return line.upper().split(":")[0].split(";")[0].rpartition(".")[2] == "FN"


@dataclass(frozen=True)
class Wire:
    """How a form is written: its boundary, the head of the file's part, and what stands around."""

    disposition: str = _HEAD
    after: tuple[tuple[str, str], ...] = ()
    boundary: str = "--b"
    content_type: str = "multipart/form-data; boundary={}"
    before: bytes = b""
    more: str = ""
    closing: bytes = b"--\r\n"

    def body(self, file: bytes, fields: Iterable[tuple[str, str]]) -> bytes:
        """Return the form with *fields*, the file, and the fields that come after it."""
        parts = [_part(f'form-data; name="{name}"', value.encode()) for name, value in fields]
        parts.append(_part(self.disposition, file, self.more))
        parts += [_part(f'form-data; name="{name}"', value.encode()) for name, value in self.after]
        line = b"--" + self.boundary.encode()
        return self.before + b"".join(line + b"\r\n" + part for part in parts) + line + self.closing


class UnexpectedResponse(Exception):
    """A deployment has responded otherwise than was expected."""


@dataclass
class Probe:
    """Speaks with one deployment and writes down every response, or stops at the first that is not *expected*."""

    deployment: Deployment
    expected: Sequence[str] | None = None
    transcript: list[str] = field(default_factory=list)
    numbers: count[int] = field(default_factory=lambda: count(1))

    def number(self) -> str:
        return f"+39347555{next(self.numbers):04d}"

    def send(
        self, method: str, target: str, body: bytes = b"", key: str | None = KEY, **headers: str
    ) -> Response:
        """Send a request; underscores in names of headers stand for hyphens."""
        sent = {"Accept": "*/*", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if key is not None:
            sent["x-api-key"] = key
        named = tuple((name.lower(), value) for name, value in sent.items())
        response = self.deployment.respond(Request(method, target, named, body, tuple(sent)))
        self.transcript.append(
            f"{response.status} {sorted(response.headers.items())} {response.content()!r} {response.drop} {response.cut}"
        )
        number = len(self.transcript)
        if self.expected is not None and self.transcript[-1:] != self.expected[number - 1 : number]:
            raise UnexpectedResponse(self.transcript[-1])
        return response

    def upload(
        self,
        file: str | bytes,
        fields: Iterable[tuple[str, str]] = (("listId", SEEDED_LIST),),
        wire: Wire | None = None,
        key: str | None = KEY,
        **headers: str,
    ) -> Response:
        """Import *file*."""
        wire = wire or Wire()
        content = file.encode() if isinstance(file, str) else file
        headers = {"Content_Type": wire.content_type.format(wire.boundary)} | headers
        return self.send("POST", _UPLOAD, wire.body(content, fields), key, **headers)

    def page(
        self, list_id: str = SEEDED_LIST, query: str = "?limit=1000", **options: Any
    ) -> Response:
        path = f"/api/partner-gateway/v1/contacts/list/{quote(list_id, safe='')}/contacts{query}"
        return self.send("GET", path, **options)

    def quota(self, **options: Any) -> Response:
        return self.send("GET", _QUOTA, **options)

    def new_list(self, file: str, name: str = "List", **options: Any) -> str:
        """Import *file* into a new list; return its id."""
        body = self.upload(file, (("listName", name), ("tags", "one, two-2,one")), **options).body
        return str(body.get("listId", "")) if isinstance(body, dict) else ""


def _part(disposition: str, content: bytes, more: str = "") -> bytes:
    head = f"Content-Disposition: {disposition}{more}\r\n\r\n"
    return head.encode() + content + b"\r\n"


def transcript(
    conversation: Callable[[Probe], None], *switches: Switch, expected: Sequence[str] | None = None
) -> list[str]:
    """Return the responses of a deployment with *switches*, with a clock that stands still.

    Raises `UnexpectedResponse` where one is not the one that is *expected*, if any are.
    """
    accounts = default_accounts()
    for account in accounts:
        for contact in account.contacts:
            contact.created_at = _START
    deployment = Deployment(accounts, switches, seed=0)
    deployment.now = lambda: _START
    probe = Probe(deployment, expected)
    conversation(probe)
    return probe.transcript


_NAMES = (
    "Marco Rossi, Jr", "O'Brien & Söhne <b>x</b> \"q\" {a} ${b}", "Ann+Marie %41 [x] (y) #1 / _z.",
    "ﬁ ½ \u200dzero 👩‍💻 名前 שלום ß =1+1", "=cmd", "Null", "X &amp; Y; Z: W\\\\n \\N q", "Name Surname 7", "e\u0301 two  blanks",
    "Very " * 60 + "long",
)  # fmt: skip
_EMAILS = (
    "a.b+c@mail.example.museum", "O'x_y-z@EXAMPLE.it", "1é@exämple.it", "<x&y@a.it>",
    "a-very-long-address-indeed@" + "sub." * 20 + "example.com",
)  # fmt: skip
_NUMBERS = (
    "347.123.9001", "347-123-9002", "347/123/9003", "(347) 123 9004", "347  123  9005", "347\u00a0123\u00a09006",
    "347\u2009123\u20099007", "347\u2013123\u20139008", "tel:+39-347-123-9009", "TEL:+393471239010", "tel:+393471239011;ext=12",
    "tel:3471239012;phone-context=+39", "+44 (0)20 7946 0018", "+1 212 555 0123", "+33 1 99 00 00 10", "+39 06 6981 0020",
    "+358 40 123 4567", "+49 1512 3456789", "+39 347 123 9014 ext 5", "+393471239015", "3471239016", "12", "abc", "+391234567890123456",
    "06 6981 0030", "+39 899 123456", "+47 22 22 22 22", "+493012345678901",
)  # fmt: skip


def small(probe: Probe) -> None:
    """Hold a conversation of small files."""
    _cards(probe)
    _lists(probe)
    _strategies(probe)
    _quota(probe)
    _access(probe)
    _forms(probe)
    _refusals(probe)


def _cards(probe: Probe) -> None:
    number = probe.number
    odd = [
        card(
            f"FN:{name.replace(',', chr(92) + ',').replace(';', chr(92) + ';')}",
            f"TEL;TYPE=CELL:{number()}",
        )
        for name in _NAMES
    ]
    odd += [card(f"TEL:{number()}", f"EMAIL:{email}") for email in _EMAILS]
    odd += [card(f"TEL:{each}", name=f"Number {each}") for each in _NUMBERS]
    listed = probe.new_list("".join(odd))
    probe.page(listed)
    listed = probe.new_list("".join(_shapes(number)))
    probe.page(listed)
    for file in _files(number):
        listed = probe.new_list(file)
        probe.page(listed)
    for content in (
        card("FN:Citt\xe0", f"TEL:{number()}").encode("cp1252"),
        ("\ufeff" + card(f"TEL:{number()}")).encode(),
        card(f"TEL:{number()}").encode("utf-16"),
        b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Citt"
        + b"\xc3\r\n \xa0\r\nTEL:"
        + number().encode()
        + b"\r\nEND:VCARD\r\n",
        b"BEGIN:VCARD\rVERSION:3.0\rFN:Cr\rTEL:" + number().encode() + b"\rEND:VCARD\r",
        card("FN:Euro \x80\x93").encode("latin-1"),
        card("FN:Euro \x80\x93", f"TEL:{number()}").encode("latin-1"),
    ):
        probe.upload(content)
        probe.page()


def _shapes(number: Callable[[], str]) -> list[str]:
    tels = (
        "TEL", "tel", "Tel", "item1.TEL", "item12.TEL", "HOME-1.TEL", "TEL;TYPE=CELL,VOICE", "TEL;type=cell", "TEL;TYPE=cell",
        "TEL;TYPE=WORK", "TEL;TYPE=HOME", "TEL;PREF=1", "TEL;TYPE=pref", "TEL;VALUE=uri", "TEL;VALUE=text", "TEL;X-A=b",
        "TEL;TYPE=video", 'TEL;TYPE="cell,home"', 'TEL;X-L="a:b"', "TEL;TYPE=FAX", "TEL;ALTID=1",
    )  # fmt: skip
    cards = [card(f"{tel}:{number()}") for tel in tels]
    extras = (
        "PHOTO:AA", "ADR:;;Via;Roma;;;", "X-A:b", "NOTE:", "URL:https://a.b/c", "NOTE:x", "BDAY:20000101", "UID:1", "UID:1",
        "N:Neri;Anna;;;", "NICKNAME:Nick", "EMAIL:a@b.it\r\nEMAIL:b@b.it", "EMAIL;TYPE=INTERNET:a@b.it", "item1.EMAIL:g@b.it",
        "ORG:Firm", "KIND:group", "TEL:+393475559999",
    )  # fmt: skip
    cards += [card(extra, f"TEL:{number()}", name=f"With {extra[:6]}") for extra in extras]
    names = (
        "fn:l",
        "Fn:m",
        "item1.FN:g",
        "FN;LANGUAGE=it:x",
        "FN;ALTID=1:x",
        'FN;X-L="a:b":quoted',
    )
    cards += [card(name, f"TEL:{number()}", "N:Of;N", "ORG:Of") for name in names]
    cards += [
        f"BEGIN:VCARD\r\nVERSION:3.0\r\n{line}TEL:{number()}\r\nEND:VCARD\r\n"
        for line in ("N:Only;N;;;\r\n", "ORG:Only\r\n", "N:B;A\r\nORG:C\r\n", "", "FN:\r\n")
    ]
    cards += [
        card(f"TEL:{number()}", "EMAIL:v4@b.it", version=version) for version in ("4.0", "2.1")
    ]
    cards += [f"BEGIN:VCARD\r\nFN:Late\r\nTEL:{number()}\r\nVERSION:3.0\r\nEND:VCARD\r\n"]
    cards += [
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Broken\r\n",
        card("NOTE:none", name="Без номера"),
        card("TEL:xyz"),
    ]
    cards += [card("FN:Fo\r\n lded\r\n  twice \r\n  \r\n\tand", f"TEL:{number()}")]
    cards += [card(f"NOTE:a\r\n {end}:VCARD\r\n b", f"TEL:{number()}") for end in ("END", "BEGIN")]
    cards += [card("FN:all \\n \\N \\\\n \\, \\; \\\\ : end" + "x" * 250, f"TEL:{number()}")]
    cards += [card("TEL;TYPE=HOME:+390669810040", "TEL;TYPE=CELL:+393475558000", "TEL;PREF=1:zz")]
    cards += [
        card(f"TEL;TYPE=HOME:{number()}", f"TEL;TYPE=CELL:{number()}"),
        card("TEL:xx", f"TEL:{number()}"),
    ]
    cards += [card(f"TEL:{number()}", name="Last  one"), card("TEL:bad", name="A b")]
    return cards


def _files(number: Callable[[], str]) -> list[str]:
    one, two = card(f"TEL:{number()}", name="One"), card(f"TEL:{number()}", name="Two")
    return [
        f"{one}\r\n\r\n{two}",
        f"{one}Exported by hand\r\n{two}",
        f"{one}{two}".rstrip(),
        f"{one.rstrip()}{two}",
        card(f"TEL:{number()}").replace("BEGIN:VCARD", "begin:vcard"),
        one + card(f"TEL:{number()}").replace("END:VCARD", "end:vcard"),
        card("NOTE:no number"),
        f"{one}{one}",
        f"{card('NOTE:a')}\n\n{card('TEL:--x', name='B b').replace(chr(13), '')}\n{card('TEL:1', name='Bad')}",
        card(f"TEL:{number()}", "NOTE:a%41%20\r\n--x"),
        "\r\n".join(card("NOTE:none", name=f"None {at}") for at in range(13)),
        card(f"TEL:{number()}", version="2.1"),
    ]


def _lists(probe: Probe) -> None:
    cards = [
        card(f"TEL:{probe.number()}", f"EMAIL:e{at}@b.it", name=f"Z{9 - at}") for at in range(12)
    ]
    listed = probe.new_list("".join(cards), "Same")
    probe.new_list("".join(cards[:2]), "Same")
    for query in (
        "", "?limit=5", "?limit=5&page=2", "?limit=5&page=3", "?limit=12", "?limit=1&page=11", "?limit=0", "?limit=x", "?limit=1001",
        "?limit=1000000", "?page=0", "?page=99", "?limit=1&limit=2", "?x=1", "?limit=4&page=3", "?limit=201", "?limit=6&page=1",
        "?page=x", "?limit=2&pageNumber=2", "?limit=24", "?limit=49", "?limit=99", "?limit=101", "?limit=51", "?limit=21",
    ):  # fmt: skip
        probe.page(listed, query)
    long = probe.new_list("".join(card(f"TEL:{probe.number()}") for _ in range(101)), "Long")
    for query in (
        "?limit=1&page=51",
        "?limit=10&page=11",
        "",
        "?limit=100",
        "?limit=100&page=2",
        "?limit=1&page=50",
    ):
        probe.page(long, query)
    probe.send("GET", "/api/partner-gateway/v1/contacts/list/list%5Fcrm%5Fmigration/contacts")
    probe.page("list_unknown")
    empty = probe.new_list(card("NOTE:none"), "Empty")
    probe.page(empty)
    for name in ("x" * 61, "x" * 121, "Élise 名"):
        probe.new_list(card(f"TEL:{probe.number()}"), name)


def _strategies(probe: Probe) -> None:
    number = probe.number()
    seeded = (("listId", SEEDED_LIST),)
    first = card(f"TEL:{number}", "EMAIL:old@b.it", name="Old Name")
    probe.upload(
        first,
        (
            *seeded,
            (
                "tags",
                "b-1,v1.0,a 2;x,É+,a,b-1,c,d,e,f,g,h,i,j,k, l,a-very-long-tag-that-is-longer-than-fifty-characters-in-all",
            ),
        ),
    )
    for strategy in ("", "SKIP", "UPDATE", "DUPLICATE", "update", "NEVER"):
        fields = (
            *seeded,
            *((("duplicateStrategy", strategy), ("tags", f"t-{strategy}")) if strategy else ()),
        )
        probe.upload(first, fields)
        probe.upload(card(f"TEL:{number}", name="New Name"), fields)
        probe.upload(card(f"TEL:0039 {number[3:]}", "EMAIL:new@b.it", name=f"N {strategy}"), fields)
        probe.upload(card(f"TEL:{number}", name="").replace("FN:\r\n", ""), fields)
        probe.quota()
        probe.page()
    other = probe.new_list(card(f"TEL:{probe.number()}", name="Other"), "Other")
    for strategy in ("SKIP", "UPDATE", "DUPLICATE"):
        new = card(f"TEL:{number}", name=f"In other {strategy}")
        new += card(f"TEL:{probe.number()}", "EMAIL:old@b.it", name="Old Name") + new
        probe.upload(new, (("listId", other), ("duplicateStrategy", strategy), ("tags", "q")))
        probe.page(other)
        probe.page()
    probe.upload(
        card(f"TEL:+4477009{number[-5:]}")
        + card(f"TEL:+1212{number[-7:]}")
        + card(f"TEL:+336{number[-8:]}"),
        seeded,
    )
    probe.upload(card("TEL:+493471234567"), seeded)
    probe.upload(card("TEL:+493471234567", "EMAIL:late@b.it"), (*seeded, ("tags", "<b>&")))
    probe.upload(card(f"TEL:{probe.number()}"), (*seeded, ("tags", "<b>&")))
    probe.new_list(
        card(f"TEL:{number}", name="By new list"),
        "By UPDATE",
        wire=Wire(after=(("duplicateStrategy", "UPDATE"),)),
    )
    probe.upload(
        card("TEL:+393471234567", "NOTE:no email", name="Marco"),
        (*seeded, ("duplicateStrategy", "SKIP")),
    )
    namesakes = [card(f"TEL:{probe.number()}", name="Same Name") for _ in range(2)]
    probe.upload("".join(namesakes), seeded)
    update = namesakes[0].replace("END:VCARD", "EMAIL:one@b.it\r\nEND:VCARD")
    probe.upload(update, (*seeded, ("duplicateStrategy", "UPDATE")))
    probe.upload(card("TEL:+447911123456", name="UK"), (*seeded, ("tags", "t")))
    probe.upload(card("TEL:+447911123456", name="UK 2"), seeded)
    probe.page()


def _quota(probe: Probe) -> None:
    full, nearly, seeded = EXHAUSTED_KEY, NEARLY_EXHAUSTED_KEY, (("listId", SEEDED_LIST),)
    known, new = card("TEL:+393471234567"), [card(f"TEL:{probe.number()}") for _ in range(6)]
    for key in (full, nearly):
        probe.quota(key=key)
        probe.upload(known + card("NOTE:none"), key=key)
        for strategy in ("UPDATE", "DUPLICATE"):
            probe.upload(known * 4, (*seeded, ("duplicateStrategy", strategy)), key=key)
        probe.upload("".join(new[:4]), key=key)
        probe.upload("".join(new[:2]), key=key)
        probe.upload(new[4] + known, key=key)
        probe.quota(key=key)
        probe.page(key=key)


def _access(probe: Probe) -> None:
    keys = (
        None,
        "",
        " ",
        "unknown",
        KEY.upper(),
        KEY[:-1],
        KEY[:6],
        f"{KEY}x",
        f"x{KEY}",
        KEY[:-1] + "z",
        f"{KEY[: len(KEY) // 2]}z{KEY[len(KEY) // 2 + 1 :]}",
        KEY.replace("-", ""),
        UNPERMITTED_KEY,
    )
    probe.quota()
    for key in keys:
        probe.quota(key=key)
        probe.page(key=key)
        probe.upload(card(f"TEL:{probe.number()}"), key=key)
    probe.send("GET", f"{_QUOTA}?api_key={KEY}", key=None)
    probe.quota(key=None, Authorization=f"Bearer {KEY}")
    probe.quota(key=None, Cookie=f"key={KEY}")
    probe.quota(key=KEY, Accept="application/json")
    listed = probe.new_list(card(f"TEL:{probe.number()}", name="Mine"), "Mine")
    probe.page(listed, key=SECOND_KEY)
    mine = card("TEL:+393471239015", "EMAIL:x@y.it", name="Theirs") + card(f"TEL:{probe.number()}")
    probe.upload(mine, (("listId", listed),), key=SECOND_KEY)
    probe.upload(mine, key=SECOND_KEY)
    probe.page(listed)
    probe.page(key=SECOND_KEY)
    probe.quota(key=SECOND_KEY)


def _forms(probe: Probe) -> None:
    def one() -> str:
        return card(f"TEL:{probe.number()}", "EMAIL:f@b.it", name="Form")

    tags = (("tags", "a,b+c %41"),)
    into = (("listId", SEEDED_LIST),)
    probe.upload(one(), into, Wire(after=tags))
    probe.upload(one(), (), Wire(after=(*into, *tags)))
    probe.upload(one(), wire=Wire(content_type='multipart/form-data; boundary="{}"'))
    probe.upload(one(), wire=Wire(content_type="multipart/form-data; boundary={}; charset=utf-8"))
    probe.upload(one(), wire=Wire(content_type="Multipart/Form-Data; boundary={}"))
    probe.upload(one(), wire=Wire(boundary="b"))
    probe.upload(one(), wire=Wire(before=b"preamble\r\n"))
    probe.upload(one(), wire=Wire(closing=b"--\r\nepilogue"))
    probe.upload(one(), wire=Wire(more="\r\nContent-Length: 3\r\nContent-Type: text/vcard"))
    for disposition in (
        'form-data; name=file; filename="a.vcf"', 'form-data; filename="a.vcf"; name="file"', 'form-data; name="file"',
        'form-data; name="file"; filename="a b.vcf"', 'form-data; name="file"; filename="a;b.vcf"', 'form-data; name="file"; filename="é.vcf"',
        'form-data; name="file"; filename="a\\"b.vcf"', 'form-data; name="file"; filename="../a.vcf"', f'form-data; name="file"; filename="{"a" * 120}.vcf"',
        'form-data; name="file"; filename="a.txt"',
    ):  # fmt: skip
        probe.upload(one(), wire=Wire(disposition=disposition))
    probe.upload(one(), Expect="100-continue")
    probe.upload(one(), Transfer_Encoding="chunked")
    lower = b'--b\r\nContent-Type: text/vcard\r\ncontent-disposition: form-data; name="file"; filename="a.vcf"\r\n\r\n'
    ending = b'\r\n--b\r\nContent-Disposition: form-data; name="listId"\r\n\r\nlist_crm_migration\r\n--b--\r\n'
    probe.send(
        "POST",
        _UPLOAD,
        lower + one().encode() + ending,
        Content_Type="multipart/form-data; boundary=b",
    )
    probe.page()


def _refusals(probe: Probe) -> None:
    one = card(f"TEL:{probe.number()}")
    into = ("listId", SEEDED_LIST)
    for fields in (
        (), (into, ("listName", "Both")), (into, ("duplicateStrategy", "")), (into, ("other", "x")), (into, ("tags", "a"), ("tags", "b")),
        (("listId", "list_unknown"),), (("listName", "x" * 501),), (into, ("tags", "x" * 300)), (into, ("tags", "x" * 1001)),
    ):  # fmt: skip
        probe.upload(one, fields)
    for content in (
        b"",
        b"\x89PNG\x00",
        b"name;phone",
        one.replace("END:VCARD", "").encode(),
        "città".encode(),
    ):
        probe.upload(content)
    probe.send("POST", _UPLOAD, b"{}", Content_Type="application/json")
    probe.send("POST", _UPLOAD, b"--b", Content_Type="multipart/form-data; boundary=b")
    for method in ("HEAD", "PUT", "OPTIONS", "TRACE"):
        probe.send(method, _QUOTA)
    probe.send("GET", "/api/unknown")
    probe.page()
    probe.quota()


def large(probe: Probe) -> None:
    """Hold a conversation of large files."""
    number = probe.number
    file = "".join(card(f"TEL:{number()}") for _ in range(2100))
    listed = probe.new_list(file)
    for query in ("?limit=1000", "?limit=1000&page=2", "?limit=1000&page=3", "?limit=500&page=3"):
        probe.page(listed, query)
    missing = probe.new_list("".join(card("NOTE:x") for _ in range(110)))
    probe.page(missing)
    for size in (
        1_100_000,
        2_100_000,
        5_100_000,
        8_100_000,
        10_300_000,
        10_485_700,
        10_485_900,
        21_000_000,
    ):
        note = "NOTE:" + "x" * (size - 200)
        probe.upload(card(note, f"TEL:{number()}") + card(f"TEL:{number()}"))
    exact = card("NOTE:", f"TEL:{number()}")
    probe.upload(exact.replace("NOTE:", "NOTE:" + "x" * (10_485_760 - len(exact))))
    probe.quota()


def changed(switch: Switch) -> bool:
    """Return whether *switch* changes a response of the small or the large conversation."""
    return any(_is_changed(each, switch) for each in (small, large))


def _is_changed(conversation: Callable[[Probe], None], switch: Switch) -> bool:
    expected = unswitched(conversation)
    try:
        return len(transcript(conversation, switch, expected=expected)) != len(expected)
    except UnexpectedResponse:  # the rest takes most of the time, and tells no more
        return True


_unswitched: dict[str, list[str]] = {}


def unswitched(conversation: Callable[[Probe], None]) -> list[str]:
    """Return the responses of the deployment as it is by default, made once."""
    name = conversation.__name__
    if name not in _unswitched:
        _unswitched[name] = transcript(conversation)
    return _unswitched[name]
