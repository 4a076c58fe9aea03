"""Names, groups, parameters, escapes and the order of properties (RFC 2426, RFC 6350, RFC 6868)."""

from __future__ import annotations

from qlara_contract.torture.feature import NameAs
from qlara_contract.torture.given import EMAIL, NAME, NUMBER, OTHER
from qlara_contract.torture.writing import Options, Series, most_telling

_case = Series("case", "cards.letter-case").reads
_group = Series("group", "cards.groups").reads
_quoted = Series("quoted", "cards.quoted-parameters").reads
_type = Series("type", "cards.type-spellings").reads
_escape = Series("escape", "cards.escapes").reads
_order = Series("order", "cards.properties-in-any-order").reads
_other = Series("other", "cards.other-properties").reads
_name = Series("property", "cards.name").reads
_forgiven = Series("forgiven", "cards.forgiving").reads
_several = Series("several", "cards.one-of-several").reads

_V3, _V4 = ("3.0",), ("4.0",)
_LOWER_FRAME = Options(head=("begin:vcard", "version:3.0"), tail=("end:vcard",), versions=_V3)

_CASE = (
    _case("tel-lower", "`tel` in small letters is not read.", f"tel;TYPE=CELL:{NUMBER}"),
    _case("tel-mixed", "`Tel` is not read.", f"Tel;Type=Cell:{NUMBER}"),
    _case("fn-lower", "`fn` in small letters is not read.", f"fn:{NAME}"),
    _case("fn-mixed", "`Fn` is not read.", f"Fn:{NAME}"),
    _case("email-lower", "`email` in small letters is not read.", f"email:{EMAIL}"),
    _case("email-mixed", "`Email` is not read.", f"Email;Type=Internet:{EMAIL}", versions=_V3),
    _case("type-lower", "`type=cell` is not read.", f"TEL;type=cell:{NUMBER}"),
    _case("frame-lower", "A card in small letters is not read.", **_LOWER_FRAME),
    _case(
        "frame-mixed",
        "A card with `Begin:vCard` is not read.",
        head=("Begin:vCard", "Version:3.0"),
        tail=("End:vCard",),
        versions=_V3,
    ),
    _case("value-upper", "`VALUE=URI` is not read.", f"TEL;VALUE=URI:tel:{NUMBER}", versions=_V4),
    _case("value-lower", "`value=uri` is not read.", f"tel;value=uri:tel:{NUMBER}", versions=_V4),
)

_GROUP_NAMES = ("item1", "item12", "ITEM2", "a", "7", "work", "my-group", "A-1-b", "x" * 60)
_GROUP = (
    *(
        _group(
            f"tel.{group[:10]}",
            f"TEL in a group named `{group[:10]}` is not read.",
            f"{group}.TEL;TYPE=CELL:{NUMBER}",
        )
        for group in _GROUP_NAMES
    ),
    _group("fn", "FN in a group is not read.", f"item1.FN:{NAME}"),
    _group("email", "EMAIL in a group is not read.", f"item1.EMAIL:{EMAIL}"),
    _group(
        "labelled",
        "TEL with a label in its group is not read.",
        f"item1.TEL:{NUMBER}",
        "item1.X-ABLabel:_$!<Mobile>!$_",
    ),
    _group(
        "label-first",
        "TEL behind its label is not read.",
        "item3.X-ABLabel:Ufficio",
        f"item3.TEL:{NUMBER}",
    ),
    _group("lower", "`item1.tel` is not read.", f"item1.tel;type=work:{NUMBER}"),
    _group(
        "all",
        "A card whose properties are all in one group is not read.",
        f"g.FN:{NAME}",
        f"g.TEL:{NUMBER}",
        f"g.EMAIL:{EMAIL}",
    ),
)

_QUOTED = (
    _quoted("type", 'TEL with `TYPE="cell"` is not read.', f'TEL;TYPE="cell":{NUMBER}'),
    _quoted("colon", "A colon in quotes ends the parameters.", f'TEL;X-NOTE="a:b":{NUMBER}'),
    _quoted("semicolon", "A semicolon in quotes ends a parameter.", f'TEL;X-NOTE="a;b":{NUMBER}'),
    _quoted("comma", "A comma in quotes ends a value.", f'TEL;X-NOTE="a,b":{NUMBER}'),
    _quoted("all", "Separators in quotes separate.", f'TEL;X-NOTE="a:1;b=2,c":{NUMBER}'),
    _quoted("fn", "FN with a colon in a quoted parameter is cut.", f'FN;X-SRC="crm:old":{NAME}'),
    _quoted("email", "EMAIL with a quoted colon is cut.", f'EMAIL;X-LABEL="a: b; c":{EMAIL}'),
    _quoted("url", "A URL in quotes ends the parameters.", f'TEL;X-A="http://a.example/":{NUMBER}'),
    _quoted("twice", "Two quoted parameters are read as one.", f'TEL;X-A="a:";X-B=";b":{NUMBER}'),
    _quoted("empty", "An empty quoted parameter hides the property.", f'TEL;X-A="":{NUMBER}'),
    _quoted(
        "caret",
        "Carets in a parameter (RFC 6868) hide the property.",
        f"TEL;X-A=^'a^'^n^^b:{NUMBER}",
        versions=_V4,
    ),
    _quoted(
        "types",
        'TEL with `TYPE="voice,cell"` is not read.',
        f'TEL;VALUE=uri;TYPE="voice,cell":tel:{NUMBER}',
        versions=_V4,
    ),
    _quoted(
        "number-like",
        "A number in a quoted parameter is taken for the value.",
        f'TEL;X-OLD="tel:+15005550000":{NUMBER}',
    ),
)

_TYPE = (
    _type("one", "`TYPE=CELL` is not read.", f"TEL;TYPE=CELL:{NUMBER}"),
    _type("joined", "`TYPE=CELL,VOICE` is not read.", f"TEL;TYPE=CELL,VOICE:{NUMBER}"),
    _type("repeated", "A repeated TYPE is not read.", f"TEL;TYPE=CELL;TYPE=VOICE:{NUMBER}"),
    _type("lower-joined", "`type=home,voice` is not read.", f"TEL;type=home,voice:{NUMBER}"),
    _type("pref", "`TYPE=pref` is not read.", f"TEL;TYPE=work,pref:{NUMBER}", versions=_V3),
    _type("pref-1", "`PREF=1` is not read.", f"TEL;PREF=1:{NUMBER}", versions=_V4),
    _type("pref-100", "`PREF=100` is not read.", f"TEL;PREF=100:{NUMBER}", versions=_V4),
    _type("unknown", "An unknown type hides the number.", f"TEL;TYPE=X-Office:{NUMBER}"),
    _type("msg", "`TYPE=MSG` hides the number.", f"TEL;TYPE=MSG:{NUMBER}", versions=_V3),
    _type("text", "`TYPE=text` hides the number.", f"TEL;TYPE=text:{NUMBER}", versions=_V4),
    _type("value-text", "`VALUE=text` hides the number.", f"TEL;VALUE=text:{NUMBER}", versions=_V4),
    _type("many", "Many parameters hide the number.", f"TEL;X-A=1;X-B=2;TYPE=WORK;X-C=3:{NUMBER}"),
    _type(
        "long", "Parameters of 700 octets hide the number.", f"TEL;X-A={'lorem-' * 117}:{NUMBER}"
    ),
    _type("fn-language", "`LANGUAGE=it` hides FN.", f"FN;LANGUAGE=it:{NAME}"),
    _type("fn-altid", "`ALTID=1` hides FN.", f"FN;ALTID=1;LANGUAGE=it:{NAME}", versions=_V4),
    _type("fn-pid", "`PID=1.1` hides FN.", f"FN;PID=1.1:{NAME}", versions=_V4),
    _type(
        "email-internet",
        "`TYPE=INTERNET` hides EMAIL.",
        f"EMAIL;TYPE=INTERNET:{EMAIL}",
        versions=_V3,
    ),
    _type(
        "email-pref",
        "`TYPE=internet,pref` hides EMAIL.",
        f"EMAIL;TYPE=internet,pref:{EMAIL}",
        versions=_V3,
    ),
    _type("email-work", "`TYPE=work` hides EMAIL.", f"EMAIL;TYPE=work:{EMAIL}", versions=_V4),
    _type("email-pref-1", "`PREF=1` hides EMAIL.", f"EMAIL;PREF=1:{EMAIL}", versions=_V4),
)

_ESCAPE = (
    _escape("comma", r"`\,` is not a comma.", name=f"Rossi, {NAME}"),
    _escape("semicolon", r"`\;` is not a semicolon.", name=f"Rossi; {NAME}"),
    _escape("backslash", r"`\\` is not a backslash.", name=f"C:\\temp {NAME}"),
    _escape(
        "backslash-before-n",
        r"`\\n` is a backslash and an n, not a line feed.",
        name=f"C:\\new {NAME}",
    ),
    _escape("backslash-comma", r"`\\\,` is a backslash and a comma.", name=f"a\\,b {NAME}"),
    _escape("all", "Several escapes in one name are not all read.", name=f"a,b;c\\d,e {NAME}"),
    _escape(
        "line-feed",
        r"`\n` is not read as white space.",
        f"FN:Maria\\n{NAME}",
        name=f"Maria {NAME}",
        name_as=NameAs.WORDS,
    ),
    _escape(
        "line-feed-capital",
        r"`\N` is not read as white space.",
        f"FN:Maria\\N{NAME}",
        name=f"Maria {NAME}",
        name_as=NameAs.WORDS,
    ),
    _escape(
        "n-with-escapes",
        "Escapes in N change the name, which is FN.",
        "N:Ros\\;si\\, Jr.;Mar\\\\co;A\\,B;Dr.;",
    ),
    _escape(
        "adr-with-escapes",
        "Escapes in ADR disturb the card.",
        "ADR;TYPE=WORK:;;Via Roma 1\\, int. 2\\; scala B;Milano;MI;20121;Italia",
    ),
    _escape("note-with-escapes", "Escapes in NOTE disturb the card.", "NOTE:a\\nb\\, c\\; d\\\\"),
    _escape(
        "semicolon-plain",
        "A semicolon in FN needs no backslash (RFC 6350 section 3.4).",
        f"FN:Rossi; {NAME}",
        name=f"Rossi; {NAME}",
        versions=_V4,
    ),
)

_ORDER = (
    _order("tel-first", "TEL before FN is not read.", f"TEL:{NUMBER}", f"FN:{NAME}"),
    _order(
        "fn-last",
        "FN as the last property is not read.",
        f"TEL:{NUMBER}",
        f"EMAIL:{EMAIL}",
        f"FN:{NAME}",
    ),
    _order("email-first", "EMAIL before FN is not read.", f"EMAIL:{EMAIL}", f"FN:{NAME}"),
    _order("n-first", "N before FN is taken for the name.", "N:Altro;Nome;;;", f"FN:{NAME}"),
    _order("n-last", "N after FN is taken for the name.", f"FN:{NAME}", "N:Altro;Nome;;;"),
    _order("org-last", "ORG after FN is taken for the name.", f"FN:{NAME}", "ORG:Azienda;Vendite"),
    _order(
        "version-last",
        "A 3.0 card that names its version last is not read.",
        f"FN:{NAME}",
        f"TEL:{NUMBER}",
        f"EMAIL:{EMAIL}",
        "VERSION:3.0",
        head=("BEGIN:VCARD",),
        versions=_V3,
    ),
    _order(
        "version-third",
        "A 3.0 card that names its version behind FN is not read.",
        f"FN:{NAME}",
        "VERSION:3.0",
        head=("BEGIN:VCARD",),
        versions=_V3,
    ),
    _order(
        "adr-between",
        "ADR between FN and TEL disturbs the card.",
        f"FN:{NAME}",
        "ADR;TYPE=HOME:;;Via Garibaldi 12;Torino;TO;10122;Italia",
        f"TEL:{NUMBER}",
    ),
)

_NAME_OF_CONTACT = (
    _name("nickname", "NICKNAME is taken for the name.", "NICKNAME:Ninni"),
    _name("n-differs", "N is taken for the name.", "N:Cognome;Nome;Secondo;Dott.;Jr."),
    _name("org", "ORG is taken for the name.", "ORG:Trattoria Sole", "TITLE:Cuoco"),
    _name("sort-string", "SORT-STRING is taken for the name.", "SORT-STRING:Zeta", versions=_V3),
    _name("phonetic", "A phonetic name is taken for the name.", "X-PHONETIC-FIRST-NAME:Marko"),
    _name(
        "name-property", "NAME is taken for the name.", "NAME:The old address book", versions=_V3
    ),
    _name("colon", "A colon in FN ends the name.", f"FN:Team: {NAME}", name=f"Team: {NAME}"),
    _name("equals", "An equals sign in FN ends the name.", f"FN:a=b {NAME}", name=f"a=b {NAME}"),
    _name("dot", "A full stop in FN is taken for a group.", f"FN:Dr. {NAME}", name=f"Dr. {NAME}"),
)

_OTHER = (
    _other("adr", "ADR disturbs the card.", "ADR;TYPE=WORK:;;Via Roma 1;Milano;MI;20121;Italia"),
    _other("adr-number", "A number in ADR is taken.", f"ADR:;;{OTHER};Milano;MI;20121;Italia"),
    _other(
        "adr-long",
        "An ADR of 600 letters disturbs the card.",
        f"ADR;TYPE=WORK:;;{'Via dei Cento Portici ' * 27};Milano;MI;20121;Italia",
    ),
    _other("adr-empty", "An empty ADR disturbs the card.", "ADR:;;;;;;"),
    _other("label", "A number in LABEL is taken.", f"LABEL;TYPE=WORK:{OTHER}", versions=_V3),
    _other("note-colons", "Colons in NOTE disturb the card.", "NOTE:a: b: c:: d:e"),
    _other("note-tel", "A number in NOTE is taken.", f"NOTE:TEL:{OTHER}"),
    _other("note-empty", "An empty NOTE disturbs the card.", "NOTE:"),
    _other("x-property", "An X- property disturbs the card.", "X-CRM-ID;X-SOURCE=old:4711:a;b,c"),
    _other("x-empty", "An empty X- property disturbs the card.", "X-CHECK:"),
    _other("x-tel", "An X- property is taken for TEL.", f"X-TEL:{OTHER}"),
    _other("x-fn", "An X- property is taken for FN.", "X-FN:Somebody Else"),
    _other("x-email", "An X- property is taken for EMAIL.", "X-EMAIL:else@example.com"),
    _other(
        "many", "Two hundred properties disturb the card.", *(f"X-P{at}:{at}" for at in range(200))
    ),
    _other("unknown", "An unknown property disturbs the card.", "FAVORITE;LEVEL=high:colour: blue"),
    _other("bday", "BDAY disturbs the card.", "BDAY:1980-02-29", "REV:2026-04-09T11:00:10Z"),
    _other(
        "second-tel",
        "A second TEL costs the card, or both are taken.",
        f"TEL;TYPE=WORK:{NUMBER}",
        f"TEL;TYPE=HOME:{OTHER}",
        or_numbers=(OTHER,),
    ),
    _other(
        "second-email",
        "A second EMAIL costs the card, or both are taken.",
        f"EMAIL:{EMAIL}",
        "EMAIL:second@example.com",
        or_emails=("second@example.com",),
    ),
    _other("uid", "UID disturbs the card.", "UID:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1"),
    _other("url", "URL disturbs the card.", "URL:https://example.com:8080/a?b=c;d,e"),
    _other("categories", "CATEGORIES are taken for tags.", "CATEGORIES:family,crm-other"),
    _other("geo", "GEO disturbs the card.", "GEO:45.46;9.19", versions=_V3),
    _other(
        "key", "KEY disturbs the card.", "KEY;ENCODING=b:MIICajCCAdOgAwIBAgICBEUwDQYJ", versions=_V3
    ),
    _other("kind", "KIND:individual disturbs the card.", "KIND:individual", versions=_V4),
    _other("gender", "GENDER disturbs the card.", "GENDER:F;woman", versions=_V4),
    _other("lang", "LANG disturbs the card.", "LANG;PREF=1:it", "TZ:+01:00", versions=_V4),
    _other(
        "clientpidmap",
        "CLIENTPIDMAP disturbs the card.",
        "CLIENTPIDMAP:1;urn:uuid:4f",
        versions=_V4,
    ),
    _other("xml", "XML disturbs the card.", "XML:<a xmlns='urn:x'>TEL:1</a>", versions=_V4),
    _other("impp", "IMPP disturbs the card.", "IMPP:xmpp:marco@example.com"),
    _other("logo", "A LOGO as URI disturbs the card.", "LOGO;VALUE=uri:https://a.example/l.png"),
    _other(
        "class", "CLASS and MAILER disturb the card.", "CLASS:PUBLIC", "MAILER:a 1.0", versions=_V3
    ),
    _other("prodid", "PRODID disturbs the card.", "PRODID:-//Example//Export 1.0//EN"),
    _other(
        "related", "RELATED disturbs the card.", "RELATED;TYPE=friend:urn:uuid:4f", versions=_V4
    ),
)

_SEVERAL = (
    _several(
        "fn", "Of two FN, the first is not taken.", f"FN:{NAME}", "FN:Somebody Else", versions=_V4
    ),
    _several(
        "fn-preferred",
        "Of two FN, the preferred one is not taken.",
        "FN;PREF=2:Somebody Else",
        f"FN;PREF=1:{NAME}",
        versions=_V4,
    ),
    _several("fn-empty", "An empty FN hides the one behind it.", "FN:", f"FN:{NAME}", versions=_V4),
    _several(
        "email", "Of two EMAIL, the first is not taken.", f"EMAIL:{EMAIL}", "EMAIL:b@example.com"
    ),
    _several(
        "email-preferred",
        "Of two EMAIL, the one with PREF=1 is not taken.",
        "EMAIL;PREF=2:b@example.com",
        f"EMAIL;PREF=1:{EMAIL}",
        versions=_V4,
    ),
    _several(
        "email-pref-type",
        "Of two EMAIL, the one with TYPE=pref is not taken.",
        "EMAIL;TYPE=internet:b@example.com",
        f"EMAIL;TYPE=internet,pref:{EMAIL}",
        versions=_V3,
    ),
    _several("email-empty", "An empty EMAIL hides the one behind it.", "EMAIL:", f"EMAIL:{EMAIL}"),
)

_FORGIVEN = (
    _forgiven("bare-type", "`TEL;CELL` (of 2.1) is not read.", f"TEL;CELL:{NUMBER}", versions=_V3),
    _forgiven(
        "bare-types", "`TEL;WORK;VOICE` is not read.", f"TEL;WORK;VOICE:{NUMBER}", versions=_V3
    ),
    _forgiven("bare-pref", "`TEL;PREF` is not read.", f"TEL;PREF:{NUMBER}", versions=_V3),
    _forgiven("empty-type", "`TYPE=` hides the number.", f"TEL;TYPE=:{NUMBER}"),
    _forgiven("pref-zero", "`PREF=0` hides the number.", f"TEL;PREF=0:{NUMBER}", versions=_V4),
    _forgiven(
        "pref-word", "`PREF=high` hides the number.", f"TEL;PREF=high:{NUMBER}", versions=_V4
    ),
    _forgiven("charset", "`CHARSET=UTF-8` hides FN.", f"FN;CHARSET=UTF-8:{NAME}", versions=_V3),
    _forgiven(
        "stray-semicolon", "A semicolon before the colon hides TEL.", f"TEL;TYPE=CELL;:{NUMBER}"
    ),
    _forgiven(
        "comma",
        "A comma without backslash cuts the name.",
        f"FN:Rossi, {NAME}",
        name=f"Rossi, {NAME}",
    ),
    _forgiven("escaped-colon", r"`\:` is not a colon.", f"FN:Team\\: {NAME}", name=f"Team: {NAME}"),
    _forgiven("no-n", "A 3.0 card without N is not read.", without=("N",), versions=_V3),
    _forgiven("short-n", "N with two parts disturbs the card.", "N:Rossi;Marco", versions=_V3),
    _forgiven("underscore", "A group named `my_group` hides TEL.", f"my_group.TEL:{NUMBER}"),
    _forgiven("two-groups", "Two groups hide TEL.", f"a.b.TEL:{NUMBER}"),
    _forgiven("blank-before-colon", "A blank before the colon hides TEL.", f"TEL :{NUMBER}"),
    _forgiven("blank-value", "A blank after the colon hides the name.", f"FN: {NAME}"),
    _forgiven(
        "late-version-4",
        "A 4.0 card that names its version last is not read.",
        f"FN:{NAME}",
        f"TEL:{NUMBER}",
        f"EMAIL:{EMAIL}",
        "VERSION:4.0",
        head=("BEGIN:VCARD",),
        versions=_V4,
    ),
    _forgiven("no-colon", "A line without colon costs the card.", "this line has no colon"),
    _forgiven("blank-line", "An empty line inside a card costs the card.", ""),
)

FEATURES = (
    *(*_CASE, *_GROUP, *_QUOTED, *_TYPE, *_ESCAPE),
    *(*_ORDER, *_NAME_OF_CONTACT, *_SEVERAL, *_FORGIVEN),
    *most_telling(
        *(
            "second-tel",
            "second-email",
            "uid",
            "adr",
            "adr-number",
            "note-tel",
            "note-colons",
            "x-property",
            "x-tel",
            "many",
            "x-email",
        ),
        *("bday", "categories", "url", "unknown", "note-empty", "impp", "label", "kind"),
        of=_OTHER,
    ),
)
