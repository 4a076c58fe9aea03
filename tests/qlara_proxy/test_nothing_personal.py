"""No name, number, mail address or key of the traffic stands in any file that is written without --keep-data.

A search: traffic with distinctive values in every place that can carry one, and then every file, read in every
way in which a text can be written: as it is, in UTF-16, escaped for JSON, HTML or a URL, quoted-printable, base64.
"""

from __future__ import annotations

import binascii
import gzip
import html
import io
import json
import quopri
import re
import zipfile
from base64 import b64encode
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_to_bytes

import pytest

from qlara_proxy.bundling import Bundle, read_bundle
from qlara_proxy.recording import Recording
from tests.qlara_proxy.passing import QUOTA, UPLOAD, exchange, form, listed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qlara_proxy.traffic import PassedExchange

KEYS = ("sk_live_Vq8mZtR4wYpL2x", "sk_other-Kj7/hB+n3c==")
TOKEN = "eyJhbGciOiJIUzI1NiJ9.Zm9vYmFyYmF6cXV4"  # noqa: S105 - one to search for
NAME = "Zebedaeus Quillfeather"
CYRILLIC = "Иннокентий Вышнепольский"
MAIL = "z.quillfeather@quillfeather-estates.net"
OTHER_MAIL = "wolfgang-amadeus@xylophonia-werke.de"
NUMBERS = ("+393478816253", "+4915788162539", "+12126647665")
STREET = "Wimbleforth Crescent"
COMPANY = "Thistlewick Brothers"
NOTE = "Ruft immer vormittags an, Schwiegermutter Kunigunde"
LIST_NAME = "Abonnenten Fuechtenkoetter"
TAG = "stammkunde-vollrath"
HOST = "laptop-brunhilde.intranet.kleinschmidt"
ADDRESS = "203.0.113.177"
SECRETS = (*KEYS, TOKEN)
PERSONAL = (NAME, CYRILLIC, MAIL, OTHER_MAIL, STREET, COMPANY, NOTE, LIST_NAME, TAG, HOST)

CARDS = f"""BEGIN:VCARD
VERSION:3.0
N:Quillfeather;Zebedaeus;;;
FN:{NAME}
NICKNAME:Quillfeather
ORG:{COMPANY};Vertrieb
TITLE:Oberzeremonienmeister
item1.TEL;TYPE=CELL;WAID=393478816253:347 881 6253
item1.X-ABLabel:Kunigundes Handy
TEL;TYPE=HOME:+49 1578 8162539
TEL;VALUE=uri:tel:+1-212-664-7665;ext=8162
EMAIL;TYPE=INTERNET:{MAIL}
EMAIL:mailto:{OTHER_MAIL}
ADR;LABEL="Wimbleforth Crescent 7":;;{STREET} 7;Hinterhugelsdorf;;88162;Testland
URL:https://www.xylophonia-werke.de/team/quillfeather?id=88162
X-SOCIALPROFILE;x-user=quillfeather:https://twitter.com/quillfeather
BDAY:1977-08-23
NOTE:{NOTE}\\, Telefon 3478816253
PHOTO;ENCODING=b;TYPE=JPEG:{b64encode((NAME + NOTE).encode() * 3).decode()}
X-QUILLFEATHER-ID:Quillfeather
SOMETHING;SORT-AS="Quillfeather,Zebedaeus":Quillfeather
UID:urn:uuid:quillfeather-3478816253
a line that is no property, about Quillfeather
END:VCARD
Wolfgang-Amadeus stands between cards
BEGIN:VCARD
VERSION:4.0
FN:{CYRILLIC}
TEL:n/d Quillfeather 3478816253 / 347 881 6254
END:VCARD
"""
OLD = (
    "BEGIN:VCARD\r\nVERSION:2.1\r\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:"
    + quopri.encodestring(CYRILLIC.encode()).decode().replace("=\n", "=\r\n")
    + f"\r\nN;BASE64:{b64encode(NAME.encode()).decode()}\r\nTEL;CELL:347-881\r\n -6253\r\nEND:VCARD\r\n"
)


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("quillfeather.vcf", CARDS)
    return file.getvalue()


def report(**more: object) -> bytes:
    summary = {"total": 3, "imported": 1, "duplicates": 0, "errors": 2, "skipped": 2}
    errors = [
        {"line": 45, "name": NAME, "reason": "Invalid phone number format"},
        {"line": 89, "name": CYRILLIC, "reason": f"The number {NUMBERS[0]} of {NAME} is taken"},
    ]
    value = {
        "importId": "imp_v1c2a3r4d5",
        "listId": "list_crm_migration",
        "status": "COMPLETED",
        "summary": summary,
        "errors": errors,
        "completedAt": "2026-04-09T11:00:15+02:00",
        **more,
    }
    return json.dumps(value).encode()


def page() -> bytes:
    contacts = [
        {
            "contactId": f"cnt_{at}",
            "name": name,
            "phoneNumber": number,
            "email": mail,
            "tags": [TAG, "crm"],
            "createdAt": "2026-04-09T11:00:10+02:00",
            "company": COMPANY,
            "formatted": "347 881 6253",
            "digits": int(number[1:]),
        }
        for at, (name, number, mail) in enumerate(
            zip((NAME, CYRILLIC, "W. Amadeus"), NUMBERS, (MAIL, OTHER_MAIL, MAIL), strict=True)
        )
    ]
    contacts.append({**contacts[0], "contactId": f"cnt-quillfeather-{NUMBERS[0][1:]}"})
    body = {
        "listId": "list_crm_migration",
        "contacts": contacts,
        "total": 40,
        "page": 1,
        "totalPages": 4,
        "hasMore": True,
    }
    more = {
        "owner": {
            "fullName": NAME,
            "byMail": {MAIL: NOTE, NUMBERS[0]: 1, "Brunhilde": 2},
            "apiKey": KEYS[1],
        },
        f"of {NAME}": STREET,
    }
    return json.dumps({**body, **more}, ensure_ascii=False).encode()


def traffic() -> Iterator[PassedExchange]:
    key, other = KEYS
    odd = (
        ("User-Agent", f"quillfeather-client/1.0 ({HOST}; {MAIL})"),
        ("Authorization", f"Bearer {TOKEN}"),
        ("Cookie", f"session={TOKEN}; name=Quillfeather"),
        ("X-Forwarded-For", ADDRESS),
        ("Host", f"{HOST}:8443"),
        ("Referer", f"https://{HOST}/{quote(NAME)}"),
        ("X-Person", NAME),
        ("X-Request-Id", "quillfeather-1"),
    )
    answered = (
        ("Content-Type", "application/json"),
        ("Set-Cookie", f"sid={TOKEN}"),
        ("ETag", '"quillfeather"'),
        ("Server", HOST),
    )
    yield exchange(
        1, key=key, headers=odd, response=b'{"used": 40, "total": 50000}', response_headers=answered
    )
    yield exchange(
        2,
        target=listed("list_crm_migration", f"?search={quote(NAME)}&api_key={quote(key)}"),
        key=key,
        response=page(),
        response_headers=answered,
    )
    fields = {
        "listName": LIST_NAME,
        "tags": f"{TAG},crm",
        "comment": NOTE,
        "apiKey": other,
        NAME: STREET,
    }
    headers, body = form(CARDS.encode(), "Quillfeather Zebedaeus.vcf", **fields)
    yield exchange(3, "POST", UPLOAD, key=key, headers=headers, body=body, response=report())
    for number, data in enumerate(
        (
            OLD.encode(),
            CARDS.encode("utf-16"),
            CARDS.encode("utf-16-be"),
            CARDS.encode("cp1252", "replace"),
            CARDS.replace("\n", "\r\n").encode("utf-8-sig"),
            zipped(),
            gzip.compress(CARDS.encode()),
            f"name;tel\n{NAME};{NUMBERS[0]}\n".encode(),
        ),
        start=4,
    ):
        headers, body = form(data, listId="list_crm_migration")
        yield exchange(
            number,
            "POST",
            UPLOAD,
            key=key,
            headers=headers,
            body=body,
            status=400 if number > 8 else 200,
            response=report()
            if number <= 8
            else f'{{"status":"fail","data":{{"file":"{NAME} is no card","message":"Contact {MAIL} exists"}}}}'.encode(),
        )
    headers, body = form(CARDS.encode(), listId="list_crm_migration")
    broken = body.replace(b"\r\n", b"\n")[:-20]
    yield exchange(
        20,
        "POST",
        UPLOAD,
        key=other,
        headers=headers,
        body=broken,
        status=400,
        response=f"<p>{html.escape(NAME)} &lt;{MAIL}&gt; failed</p>".encode(),
        response_headers=(("Content-Type", "text/html"),),
    )
    compressed = (("Content-Type", "application/json"), ("Content-Encoding", "gzip"))
    yield exchange(
        21,
        target=listed("list_crm_migration", "?page=2"),
        key=other,
        response=gzip.compress(page()),
        response_headers=compressed,
    )
    yield exchange(
        22,
        target=f"/api/contacts/{quote(MAIL)}/{quote(CYRILLIC)}",
        key=key,
        status=404,
        response=page()[:200],
    )
    yield exchange(23, key=key, response=None, failure=f"reset by {HOST}, key {key}")
    yield exchange(
        24,
        "POST",
        "/api/people",
        key=key,
        headers=(("Content-Type", "application/x-www-form-urlencoded"),),
        body=f"name={quote(NAME)}&phone={quote(NUMBERS[0])}&token={TOKEN}".encode(),
    )
    yield exchange(
        25,
        "POST",
        "/api/people",
        key=key,
        body=CARDS.encode(),
        response=f'["{NAME}", "{NUMBERS[1]}", {{"a": {NUMBERS[2][1:]}}}]'.encode(),
    )
    yield exchange(
        26,
        "GET",
        QUOTA,
        key=KEYS[0].upper(),
        status=401,
        response=f'{{"apiKey": "{KEYS[0]}"}}'.encode(),
    )


def needles() -> set[str]:
    """Return every part of five characters of what must not be found, and whole short words."""
    found = set()
    for text in PERSONAL:
        for word in re.findall(r"[^\W_]{4,}", text.lower()):
            found |= {word[at : at + 5] for at in range(max(1, len(word) - 4))}
    for number in NUMBERS:
        digits = number[3:]
        found |= {digits[at : at + 5] for at in range(len(digits) - 4)}
    for secret in (*SECRETS, KEYS[0].upper()):
        found |= {secret[at : at + 8].lower() for at in range(len(secret) - 7)}
    return found - _ORDINARY


# Parts that the words of the contract, of reports and of formats have as well.
_ORDINARY = {"other", "madeu", "state"}


def readings(data: bytes) -> Iterator[str]:
    """Yield every text that octets can be read as."""
    with suppress(zipfile.BadZipFile, ValueError), zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            yield info.filename
            yield from readings(archive.read(info))
        return
    text = data.decode("utf-8", "replace")
    yield text
    yield data.decode("latin-1")
    yield data.decode("utf-16-le", "replace")
    yield data[1:].decode("utf-16-le", "replace")
    yield re.sub(r"\r?\n[ \t]", "", text)
    yield html.unescape(text)
    yield unquote_to_bytes(data).decode("utf-8", "replace")
    yield quopri.decodestring(data.replace(b"=\r\n", b"").replace(b"=\n", b"")).decode(
        "utf-8", "replace"
    )
    yield re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    yield re.sub(r"[ .()/-]", "", text)
    for run in re.findall(rb"[A-Za-z0-9+/_-]{8,}", re.sub(rb"\r?\n[ \t]", b"", data)):
        for start in range(4):
            some = run[start:].translate(bytes.maketrans(b"-_", b"+/"))
            some = some[: len(some) // 4 * 4]
            if some:
                yield binascii.a2b_base64(some).decode("utf-8", "replace")


def found_in(data: bytes, wanted: set[str]) -> set[str]:
    pattern = re.compile("|".join(sorted(map(re.escape, wanted))))
    return {hit for text in readings(data) for hit in pattern.findall(text.lower())}


def test_the_search_finds_what_is_there() -> None:
    hidden = {
        "plain": NAME.encode(),
        "utf-16": NAME.encode("utf-16-be"),
        "base64": b64encode(CYRILLIC.encode()),
        "url": quote(CYRILLIC).encode(),
        "quoted-printable": quopri.encodestring(CYRILLIC.encode()),
        "json": json.dumps(CYRILLIC).encode(),
        "folded": b"Quill\r\n feather",
        "spaced": b"347 881 6253",
        "archive": zipped(),
    }

    assert [name for name, data in hidden.items() if not found_in(data, needles())] == []


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("written")
    recording = Recording(f"https://{HOST}", secret=b"one")
    bundle = Bundle(f"https://user:{TOKEN}@{HOST}", secret=b"two")
    for one in traffic():
        recording.passed(one)
        bundle.passed(one)

    def write_report(outcome: object, into: Path) -> None:
        shown = f"<p>{outcome}: {NAME} ({MAIL}, {NUMBERS[0]}), key {KEYS[0]}, see https://www.w3.org</p>"
        (into / "deep").mkdir()
        (into / "deep" / "report.html").write_text(shown, encoding="utf-8")

    bundle.write(folder / "bundle.zip", "The outcome", write_report)
    return [*recording.write(folder / "scenario.yaml"), folder / "bundle.zip"]


def test_nothing_of_anybody_stands_in_any_file(written: list[Path]) -> None:
    names = sorted(each.name for each in written)

    assert len(names) == 12, names
    assert {each.name: found_in(each.read_bytes(), needles()) for each in written} == {
        each.name: set() for each in written
    }


def test_file_names_hold_nothing_of_anybody(written: list[Path]) -> None:
    assert found_in("\n".join(map(str, written)).encode(), needles()) == set()


def test_what_is_nobodys_stays_in_a_report(written: list[Path]) -> None:
    with zipfile.ZipFile(written[-1]) as archive:
        report_file = archive.read("report/deep/report.html").decode()

    assert re.sub(r"[^\W\d_]{9,}|\d{9,}|z\.\w+@[\w.]+", "…", report_file).startswith(
        "<p>The outcome: "
    )
    assert report_file.endswith("key YOUR_API_KEY, see https://www.w3.org</p>")


def test_keys_are_masked_even_if_data_is_kept(tmp_path: Path) -> None:
    recording = Recording("http://deployment.test", keep_data=True)
    bundle = Bundle("http://deployment.test", keep_data=True)
    for one in traffic():
        recording.passed(one)
        bundle.passed(one)
    bundle.write(tmp_path / "bundle.zip")
    files = [*recording.write(tmp_path / "scenario.yaml"), tmp_path / "bundle.zip"]
    secrets = {each.lower() for each in SECRETS}

    assert {each.name: found_in(each.read_bytes(), secrets) for each in files} == {
        each.name: set() for each in files
    }
    assert found_in(files[-1].read_bytes(), {"quillfeather"}) == {"quillfeather"}


def test_the_same_person_stays_the_same_person_in_requests_and_responses(
    written: list[Path],
) -> None:
    exchanges = {one.number: one for one in read_bundle(written[-1]).exchanges}
    response = exchanges[2].response
    assert response is not None
    contact = json.loads(response.body)["contacts"][0]
    text = exchanges[3].request.body.decode()

    assert f"FN:{contact['name']}" in text
    assert f"EMAIL;TYPE=INTERNET:{contact['email']}" in text
    assert contact["phoneNumber"][3:] in re.sub(r"\s", "", text)
    assert contact["email"].endswith((".test", ".example", ".example.org"))


def test_two_recordings_invent_differently(tmp_path: Path) -> None:
    texts = []
    for number in range(2):
        recording = Recording("http://deployment.test")
        recording.passed(exchange(1, target=listed("list_crm_migration"), key="k", response=page()))
        [path] = recording.write(tmp_path / f"{number}.yaml")
        texts.append(path.read_text(encoding="utf-8").split("lists:")[1])

    assert texts[0] != texts[1]


def test_the_words_of_an_error_about_the_key_are_no_secrets_but_a_key_in_it_is(
    tmp_path: Path,
) -> None:
    path = tmp_path / "traffic.zip"
    error = f'{{"status":"fail","data":{{"apiKey":"Unknown or inactive credential {KEYS[0]}."}}}}'
    one = Bundle("http://deployment.test", keep_data=True)
    one.passed(exchange(1, status=401, response=error.encode()))
    one.passed(exchange(2, response=b'{"name":"An inactive credential, Unknown to us"}'))
    one.write(path)

    assert [each.response and each.response.body for each in read_bundle(path).exchanges] == [
        error.replace(KEYS[0], "YOUR_API_KEY").encode(),
        b'{"name":"An inactive credential, Unknown to us"}',
    ]


_OTHER_SECRET = "sk_live_Vq8mZtR4wYpL2x/7+Q"  # noqa: S105 - one to search for


@pytest.mark.parametrize(
    "options",
    [
        {"headers": (("Api-Key", _OTHER_SECRET),)},
        {"headers": (("Ocp-Apim-Subscription-Key", _OTHER_SECRET),)},
        {"response_headers": (("X-Refresh-Token", _OTHER_SECRET),)},
        {"target": f"{QUOTA}?subscription-key={quote(_OTHER_SECRET)}"},
        {"target": f"{QUOTA}?ApiKey[]={quote(_OTHER_SECRET, safe='')}"},
        {"target": f"{QUOTA}?X-Amz-Signature={_OTHER_SECRET}"},
        {"body": json.dumps({"user": {"refreshToken": _OTHER_SECRET}}).encode()},
        {"body": f"a=b&client%5Fsecret={quote(_OTHER_SECRET, safe='')}".encode()},
    ],
)
def test_a_secret_is_masked_whatever_the_deployment_calls_it(
    options: dict[str, Any], tmp_path: Path
) -> None:
    bundle = Bundle("http://deployment.test", keep_data=True)
    bundle.passed(exchange(1, method="POST", key=KEYS[0], **{"target": QUOTA, **options}))
    bundle.passed(exchange(2, key=KEYS[0], response=json.dumps({"said": _OTHER_SECRET}).encode()))
    bundle.write(tmp_path / "bundle.zip")

    assert found_in((tmp_path / "bundle.zip").read_bytes(), {"vq8mztr4wypl2x"}) == set()


_ONCE = "Rumpelstilzchen"


@pytest.mark.parametrize(
    ("target", "response"),
    [
        (f"/api/contacts/search/{_ONCE}", b"{}"),
        (f"/api/contacts/search/{_ONCE.lower()}%20x", b"{}"),
        (f"/api/contacts;name={_ONCE.lower()}", b"{}"),
        ("/api/contacts/347-881-6253", b"{}"),
        ("/api/contacts/by-number/347.881.6253", b"{}"),
        (listed(_ONCE), f'{{"listId": "{_ONCE}", "contacts": []}}'.encode()),
        (listed(quote("Zoe\u0301 Quillfeather")), b"{}"),
        (listed(quote("ใจดีมากมาย")), '{"contacts": [{"name": "ใจดีมากมาย"}]}'.encode()),
        (listed(quote("İBRAHİM")), '{"contacts": [{"name": "İBRAHİM"}]}'.encode()),
        (QUOTA, b'{"a": 393478816253.0, "b": -393478816253, "c": 3.478816253e9}'),
    ],
)
def test_who_stands_nowhere_but_in_a_path_or_a_number_is_replaced_as_well(
    target: str, response: bytes, tmp_path: Path
) -> None:
    wanted = {"rumpelstil", "8816253", "quillfeather", "ใจดีมาก", "ibrahi̇m", "i̇brahi̇m", "zoe\u0301"}
    bundle = Bundle("http://deployment.test")
    bundle.passed(exchange(1, target=target, key=KEYS[0], response=response))
    bundle.write(tmp_path / "bundle.zip")

    assert found_in((tmp_path / "bundle.zip").read_bytes(), wanted) == set()


def test_the_heads_of_the_parts_of_a_form_name_nobody(tmp_path: Path) -> None:
    head = (
        f"Content-Disposition: form-data; name=file; filename*0=Rumpel; filename*1=stilzchen; size=12; a={_ONCE}\r\n"
        f"Content-Transfer-Encoding: {_ONCE}\r\nX-Rumpel: {_ONCE}\r\n{_ONCE}: 1"
    )
    body = f"--B\r\n{head}\r\n\r\nBEGIN:VCARD\r\nEND:VCARD\r\n--B--\r\n".encode()
    kind = (("Content-Type", "multipart/form-data; boundary=B"),)
    bundle = Bundle("http://deployment.test")
    bundle.passed(exchange(1, "POST", UPLOAD, key=KEYS[0], headers=kind, body=body))
    bundle.write(tmp_path / "bundle.zip")

    [one] = read_bundle(tmp_path / "bundle.zip").exchanges
    assert b"size=12" in one.request.body
    assert found_in(one.request.body, {"rumpelstil", "filename*0=rumpel", "stilzchen"}) == set()


def test_ids_stay_as_they_are(tmp_path: Path) -> None:
    ids = [
        "cnt_001",
        "550e8400-e29b-41d4-a716-44665544",
        "01J8ZKQX5T",
        "list_2026-04-09",
        "a.b~c:d",
    ]
    body = json.dumps({"contacts": [{"contactId": each} for each in ids]}).encode()
    bundle = Bundle("http://deployment.test")
    bundle.passed(exchange(1, target=listed("list_crm"), key=KEYS[0], response=body))
    bundle.write(tmp_path / "bundle.zip")

    [one] = read_bundle(tmp_path / "bundle.zip").exchanges
    assert one.request.target == listed("list_crm")
    assert one.response is not None
    assert one.response.body == body
