"""Write the vCard files of the scenarios again, byte for byte: ``python scenarios/files/make_files.py``.

``contacts-export.vcf``  UC-020's export of a CRM: 250 cards, of which 230 are imported, 15 repeat a
                         number and 5 have none that can be used, two of them on the documented lines
``crm-export-2026-04.vcf``  the same, under the name that UC-020's end-to-end example uses
``contacts-updated.vcf``    later news of people in that export, for ``duplicateStrategy=UPDATE``:
    Marco Rossi     another e-mail address
    Giulia Bianchi  no e-mail address (hers must stay) and a postal address
    Chiara Ferri    married, another family name
    Joë Müller      another e-mail address, the number typed in another way
    Amina Haddad    nothing but name and number: all else must stay
    山田 花子        another company, which an import does not read: nothing changes
    Paolo Serra     another postal address
    Sofia Marchetti not in the export: a new contact
``outlook-contacts.vcf``    what Outlook exports: 12 cards, 10 contacts, a repeated number, a missing one
``bad-header.vcf``          an address book that is a CSV file under another name
``no-footer.vcf``           three cards, and the last is cut off before its ``END:VCARD``
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "sandbox"))

from qlara_sandbox.samples import people, writing  # noqa: E402 - found by the line above
from qlara_sandbox.samples.generating import Draft, GeneratedFile, Spec, assemble, draw  # noqa: E402
from qlara_sandbox.samples.writing import GeneratedProperty, Version  # noqa: E402

CELL = ("cell",)
# The people of the export whom the other files name again.
MARCO, GIULIA = "+393471234567", "+393489876543"
CHIARA, JOE, AMINA = "+393335550101", "+393405550102", "+393285550103"
HANAKO, PAOLO, SOFIA = "+393665550104", "+393925550105", "+393895550106"


def card(
    version: Version,
    given: str,
    family: str,
    *rest: GeneratedProperty,
    number: str = "",
    outcome: str = "",
) -> Draft:
    """Return the card of a person: name, and then *rest* in the order of the version's writer."""
    name = f"{given} {family}"
    properties = [
        GeneratedProperty("N", (family, given, "", "", "")),
        GeneratedProperty("FN", name),
        *rest,
    ]
    text = writing.write(version, properties)
    return Draft(text, version, name, outcome or "contact", number)  # type: ignore[arg-type]


def tel(text: str, *types: str, preferred: bool = False, group: str = "") -> GeneratedProperty:
    return GeneratedProperty("TEL", text, types, preferred, group)


def mail(address: str, *types: str) -> GeneratedProperty:
    return GeneratedProperty("EMAIL", address, types)


def address(street: str, city: str, province: str, postcode: str) -> GeneratedProperty:
    return GeneratedProperty("ADR", ("", "", street, city, province, postcode, "Italia"), ("work",))


def documented() -> list[Draft]:
    """Return the first cards of the export, with the people and the lines that UC-020 shows."""
    rng = random.Random(20)  # noqa: S311 - repeatable on purpose
    amina = card(
        "4.0",
        "Amina",
        "Haddad",
        tel("02 86451234", "work", "fax"),
        tel("tel:+39-328-555-0103", "cell", "voice", preferred=True),
        mail("amina.haddad@example.org", "work"),
        GeneratedProperty("ORG", ("Caffè Torrefazione Sirena", "Vendite")),
        GeneratedProperty("CATEGORIES", ("clienti", "amici, famiglia")),
        number=AMINA,
    )
    portrait = writing.photo("4.0", people.portrait(rng, 520))
    return [
        card(
            "3.0",
            "Marco",
            "Rossi",
            tel("347 123 4567", *CELL),
            tel("02 5550100", "work", "voice"),
            mail("marco.rossi@email.com", "internet"),
            GeneratedProperty("ORG", ("Rossi Impianti S.r.l.", "Direzione")),
            address("Via Roma 12", "Milano", "MI", "20121"),
            number=MARCO,
        ),
        card(
            "4.0",
            "Giulia",
            "Bianchi",
            tel("tel:+39-348-987-6543", "cell", "voice", preferred=True),
            mail("g.bianchi@company.it", "work"),
            GeneratedProperty("ORG", ("Company S.p.A.", "Acquisti")),
            address("Viale dell'Industria 8", "Padova", "PD", "35129"),
            number=GIULIA,
        ),
        card(
            "3.0",
            "Chiara",
            "Ferri",
            tel("+39 333 5550101", *CELL, group="item1"),
            GeneratedProperty("X-ABLabel", "Cellulare lavoro", group="item1"),
            mail("chiara.ferri@example.com", "internet"),
            GeneratedProperty("NOTE", people.NOTES[1]),
            GeneratedProperty("BDAY", "1991-05-17"),
            number=CHIARA,
        ),
        card(
            "4.0",
            "Joë",
            "Müller",
            tel("0039 340 5550102", *CELL),
            mail("joe.mueller@example.com", "home"),
            GeneratedProperty("BDAY", "19840229"),
            GeneratedProperty("ORG", ("Grünwald GmbH",)),
            number=JOE,
        ),
        card(
            "4.0",
            "Luca",
            "Verdi",
            tel("347 123", *CELL),
            tel("n/d", "home"),
            mail("luca.verdi@example.it", "home"),
            GeneratedProperty("NOTE", "Numero incompleto, chiedere a Giulia."),
            outcome="invalid",
        ),
        amina._replace(text=writing.with_lines(amina.text, portrait)),
        card(
            "3.0",
            "花子",
            "山田",
            tel("366/5550104", *CELL, preferred=True),
            mail("hanako.yamada@example.com", "internet"),
            GeneratedProperty("NOTE", people.NOTES[3]),
            GeneratedProperty("ORG", ("山田商事",)),
            GeneratedProperty("BDAY", "1979-11-03"),
            number=HANAKO,
        ),
        card(
            "3.0",
            "Paolo",
            "Serra",
            tel("392.555.0105"),
            mail("paolo.serra@example.it", "internet"),
            address("Corso Italia 5; scala B", "Cagliari", "CA", "09124"),
            GeneratedProperty("URL", "https://www.example.com/serra"),
            number=PAOLO,
        ),
        card(
            "3.0",
            "Anna",
            "Neri",
            mail("anna.neri@example.it", "internet"),
            GeneratedProperty("ORG", ("Neri & Figli, Ravenna",)),
            outcome="missing",
        ),
        card("4.0", "M.", "Rossi", tel("+39 347 1234567"), number=MARCO, outcome="duplicate"),
    ]


def contacts_export() -> GeneratedFile:
    first = documented()
    taken = {draft.number for draft in first}
    imported = sum(draft.outcome == "contact" for draft in first)
    spec = Spec(contacts=230 - imported, duplicates=14)
    rng = random.Random(2026)  # noqa: S311 - repeatable on purpose
    rest = list(draw(spec, rng, taken=taken))
    later = {
        61: ("3.0", "Studio Tecnico", "Fontana", tel("n/d", "work")),
        120: ("4.0", "Giorgio", "Parisi Conti", tel("347 5550107 / 348 5550108", *CELL)),
        199: ("3.0", "Assistenza", "Clienti", tel("4898989", *CELL)),
    }
    for position, (version, given, family, phone) in later.items():
        error = card(version, given, family, phone, outcome="invalid")  # type: ignore[arg-type]
        rest.insert(position, error)
    return assemble([*first, *rest])


def contacts_updated() -> GeneratedFile:
    return assemble(
        [
            card("4.0", "Marco", "Rossi", tel("+39 347 1234567", *CELL), mail("marco@example.com")),
            card(
                "3.0",
                "Giulia",
                "Bianchi",
                tel("348 987 6543", *CELL),
                address("Piazza Dante 3", "Trento", "TN", "38122"),
            ),
            card(
                "3.0",
                "Chiara",
                "Ferri Moretti",
                tel("333 555 0101", *CELL),
                mail("chiara.ferri@example.com", "internet"),
            ),
            card(
                "4.0",
                "Joë",
                "Müller",
                tel("tel:+39-340-555-0102", *CELL),
                mail("j.mueller@example.org", "work"),
            ),
            card("3.0", "Amina", "Haddad", tel("328 5550103", *CELL)),
            card(
                "4.0",
                "花子",
                "山田",
                tel("+393665550104", *CELL),
                mail("hanako.yamada@example.com", "work"),
                GeneratedProperty("ORG", ("東京貿易",)),
            ),
            card(
                "3.0",
                "Paolo",
                "Serra",
                tel("0039 392 555 0105", *CELL),
                address("Via Manno 44", "Cagliari", "CA", "09124"),
            ),
            card(
                "4.0",
                "Sofia",
                "Marchetti",
                tel("389 555 0106", *CELL),
                mail("sofia.marchetti@example.it", "work"),
                number=SOFIA,
            ),
        ]
    )


def outlook(
    given: str, family: str, company: str, phones: tuple[str, ...], address: str = ""
) -> bytes:
    """Return a card in Outlook's order and with its properties; *phones* are ``TYPES:number``."""
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        "PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN",
        f"N:{family};{given};;;",
        f"FN:{given} {family}".strip(),
        *([f"ORG:{company}"] if company else []),
        *(f"TEL;TYPE={phone}" for phone in phones),
        *([f"ADR;TYPE=WORK,PREF:;;{address};Italia"] if address else []),
        f"EMAIL;TYPE=INTERNET,PREF:{people.mailbox(given, family)}@example.com",
        "X-MS-OL-DEFAULT-POSTAL-ADDRESS:2",
        "X-MS-IMADDRESS:",
        "REV:2026-04-01T08:30:00Z",
        "END:VCARD",
    ]
    return "".join(writing.fold(line) for line in lines).encode()


def outlook_contacts() -> bytes:
    """Return 12 cards: 10 contacts, Sara Lodi twice, and Elio Bassi without a number."""
    people_at_work = (
        ("Alberto", "Zanetti", "Zanetti Legnami S.r.l.", ("CELL,VOICE:+39 335 555 0201",)),
        ("Bianca", "Olivieri", "", ("HOME,VOICE:041 5550202", "CELL,VOICE:(+39) 347 5550203")),
        (
            "Carla",
            "Donati",
            "Comune di Esempio\\, Ufficio Tributi",
            ("WORK,VOICE:+39 06 69812345",),
        ),
        (
            "Dario",
            "Fumagalli",
            "Fumagalli SpA;Export",
            ("CELL,VOICE:348-5550204", "WORK,FAX:02 5550205"),
        ),
        ("Elio", "Bassi", "Bassi Trasporti", ()),
        ("Franca", "Ventura", "", ("PREF,CELL,VOICE:00393395550206",)),
        (
            "Gianluca",
            "Sartori",
            "Sartori & C. snc",
            ("WORK,FAX:0444 555020", "CELL,VOICE:3205550207"),
        ),
        ("Sara", "Lodi", "Lodi Comunicazione;Marketing", ("CELL,VOICE:+39 392 5550208",)),
        ("Heinrich", "Größler", "Alpenland GmbH", ("CELL,VOICE:+43 664 5550209",)),
        ("Sara", "Lodi", "Agenzia Lodi", ("CELL,VOICE:392 555 0208",)),
        ("Ivana", "Quaglia", "", ("CELL,VOICE:+39 366 5550210", "PAGER,VOICE:12345")),
        ("Lorena", "D'Este", "Calzature D'Este", ("CELL,VOICE:380/5550211",)),
    )
    streets = {
        "Zanetti": "Via dei Mille 7;Vicenza;VI;36100",
        "Lodi": "Via Emilia 100;Modena;MO;41121",
    }
    return b"".join(
        outlook(given, family, company, phones, streets.get(family, ""))
        for given, family, company, phones in people_at_work
    )


def bad_header() -> bytes:
    """Return a table of contacts, as a CRM exports it by default."""
    return (
        "Nome;Cognome;Cellulare;Email\r\n"
        "Marco;Rossi;347 123 4567;marco.rossi@email.com\r\n"
        "Giulia;Bianchi;348 987 6543;g.bianchi@company.it\r\n"
        "Niccolò;Dell'Acqua;+39 333 5550109;niccolo@example.it\r\n"
    ).encode()


def no_footer() -> bytes:
    """Return three cards, the last of them cut off as by an export that was broken off."""
    cards = [
        card("3.0", "Elena", "Gatti", tel("349 5550110", *CELL)),
        card("4.0", "Tommaso", "Riva", tel("tel:+39-351-555-0111", *CELL)),
        card("3.0", "Irene", "Sala", tel("388 5550112", *CELL)),
    ]
    return assemble(cards).data.removesuffix(b"END:VCARD\r\n")


def files() -> dict[str, bytes]:
    """Return every file by its name."""
    export = contacts_export().data
    return {
        "contacts-export.vcf": export,
        "crm-export-2026-04.vcf": export,
        "contacts-updated.vcf": contacts_updated().data,
        "outlook-contacts.vcf": outlook_contacts(),
        "bad-header.vcf": bad_header(),
        "no-footer.vcf": no_footer(),
    }


def main() -> None:
    for name, data in files().items():
        (HERE / name).write_bytes(data)


if __name__ == "__main__":
    main()
