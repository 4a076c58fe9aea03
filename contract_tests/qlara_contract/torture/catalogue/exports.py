"""Cards as address books, telephones and CRMs export them: much at once, and properties several times.

Each property is one that other features show alone; here they stand side by side, as in real files.
"""

from __future__ import annotations

from qlara_contract.torture.given import EMAIL, NAME, NUMBER, OTHER, THIRD
from qlara_contract.torture.writing import Series

_repeated = Series("repeated", "cards.other-properties").reads
_export = Series("export", "cards.other-properties").reads

_V3, _V4 = ("3.0",), ("4.0",)

_FOURTH, _FIFTH, _SIXTH = "⟦fourth⟧", "⟦fifth⟧", "⟦sixth⟧"
_ADDRESS = ";;Via Roma 1;Milano;MI;20121;Italia"
_EMAILS = tuple(f"contact-{at}@example.com" for at in range(2, 11))
_KINDS = ("CELL", "HOME", "WORK", "VOICE", "MAIN", "OTHER")

_REPEATED = (
    _repeated(
        "three-tels",
        "Three TEL cost the card, or more than one of them is taken.",
        f"TEL;TYPE=CELL:{NUMBER}",
        f"TEL;TYPE=HOME:{OTHER}",
        f"TEL;TYPE=WORK:{THIRD}",
        or_numbers=(OTHER, THIRD),
    ),
    _repeated(
        "six-tels",
        "Six TEL cost the card, or more than one of them is taken.",
        *(
            f"TEL;TYPE={kind}:{number}"
            for kind, number in zip(
                _KINDS, (NUMBER, OTHER, THIRD, _FOURTH, _FIFTH, _SIXTH), strict=True
            )
        ),
        or_numbers=(OTHER, THIRD, _FOURTH, _FIFTH, _SIXTH),
    ),
    _repeated(
        "one-tel-often",
        "A number that stands on a card twelve times costs the card.",
        *(f"TEL;TYPE={kind}:{NUMBER}" for kind in (*_KINDS, *_KINDS)),
    ),
    _repeated(
        "three-emails",
        "Three EMAIL cost the card or its address.",
        f"EMAIL;TYPE=HOME:{EMAIL}",
        *(f"EMAIL;TYPE=WORK:{each}" for each in _EMAILS[:2]),
        or_emails=_EMAILS[:2],
    ),
    _repeated(
        "ten-emails",
        "Ten EMAIL cost the card or its address.",
        f"EMAIL:{EMAIL}",
        *(f"EMAIL:{each}" for each in _EMAILS),
        or_emails=_EMAILS,
    ),
    _repeated("one-email-twice", "One EMAIL twice costs it.", f"EMAIL:{EMAIL}", f"EMAIL:{EMAIL}"),
    _repeated(
        "adr",
        "Three ADR disturb the card.",
        *(f"ADR;TYPE={kind}:{_ADDRESS}" for kind in _KINDS[:3]),
    ),
    _repeated("notes", "Three NOTE disturb the card.", "NOTE:one", "NOTE:two", "NOTE:three"),
    _repeated("urls", "Two URL disturb the card.", *("URL:https://a.example/",) * 2),
    _repeated(
        "orgs", "Two ORG disturb the card.", "ORG:Azienda", "ORG:Altra;Vendite", versions=_V4
    ),
)

_EXPORTS = (
    _export(
        "telephone",
        "A card as a telephone exports it is not read.",
        f"FN:{NAME}",
        f"item1.EMAIL;type=INTERNET;type=pref:{EMAIL}",
        f"TEL;type=CELL;type=VOICE;type=pref:{NUMBER}",
        "item2.ADR;type=HOME;type=pref:;;Via Roma 1\\nint. 2;Milano;MI;20121;Italia",
        "item2.X-ABADR:it",
        "item3.URL;type=pref:https\\://a.example/",
        "item3.X-ABLabel:_$!<HomePage>!$_",
        "item4.X-ABDATE;type=pref:2010-06-01",
        "item4.X-ABLabel:_$!<Anniversary>!$_",
        "BDAY:1980-02-29",
        "X-SOCIALPROFILE;type=twitter:https://social.example/marco",
        "NOTE:Conosciuta in fiera\\; richiamare\\, grazie",
        "CATEGORIES:Clienti,Fornitori",
        "UID:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1:ABPerson",
        "PRODID:-//Example//Address Book 14.0//EN",
        versions=_V3,
    ),
    _export(
        "web-mail",
        "A card as a web mail service exports it is not read.",
        f"FN:{NAME}",
        "NICKNAME:Ninni",
        f"item1.EMAIL;TYPE=INTERNET:{EMAIL}",
        "item1.X-ABLabel:",
        f"TEL;TYPE=CELL:{NUMBER}",
        "ADR;TYPE=HOME:;;Via Roma 1;Milano;MI;20121;IT;Via Roma 1\\nMilano\\, MI 20121\\nIT",
        "item2.ORG:Azienda;",
        "item3.TITLE:Responsabile",
        "BDAY;VALUE=text:circa 1980",
        "item4.X-ABRELATEDNAMES:Anna",
        "item4.X-ABLabel:_$!<Spouse>!$_",
        "X-FILE-AS:Rossi",
        "CATEGORIES:myContacts,starred",
        "NOTE:",
        versions=_V3,
    ),
    _export(
        "office",
        "A card as an office program exports it is not read.",
        f"FN:{NAME}",
        "ORG:Azienda S.p.A.;Vendite",
        "TITLE:Responsabile acquisti",
        f"TEL;TYPE=WORK,VOICE:{NUMBER}",
        'ADR;TYPE=WORK,pref:;;Via Roma 1;Milano;MI;20121;"Italia"',
        "LABEL;TYPE=WORK,pref:Via Roma 1\\nMilano",
        "X-MS-OL-DEFAULT-POSTAL-ADDRESS:2",
        "URL:https://a.example",
        f"EMAIL;TYPE=INTERNET,pref:{EMAIL}",
        "X-MS-IMADDRESS:marco",
        "REV:20260409T110010Z",
        versions=_V3,
    ),
    _export(
        "crm",
        "A card as a CRM exports it is not read.",
        f"FN:{NAME}",
        "KIND:individual",
        'ORG;SORT-AS="Azienda":Azienda;Vendite',
        f'TEL;PREF=1;TYPE="voice,work";VALUE=uri:tel:{NUMBER}',
        f"EMAIL;PREF=1;TYPE=work:{EMAIL}",
        f'ADR;TYPE=work;LABEL="Via Roma 1\\nMilano":{_ADDRESS}',
        "LANG;PREF=1:it",
        "TZ:Europe/Rome",
        "GEO:geo:45.46,9.19",
        "REV:20260409T110010Z",
        "X-CRM-ID:4711",
        "UID:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1",
        "SOURCE:https://crm.example/contacts/4711.vcf",
        versions=_V4,
    ),
)

FEATURES = (*_REPEATED, *_EXPORTS)
