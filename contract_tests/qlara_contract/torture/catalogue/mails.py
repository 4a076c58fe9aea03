"""Addresses of every kind (RFC 5321 section 4.1.2)."""

from __future__ import annotations

from qlara_contract.torture.given import EMAIL, NAME
from qlara_contract.torture.writing import Series

_ADDRESSES = {
    "plus": "marco+crm@example.com",
    "plus-twice": "marco+a+b@example.com",
    "dots": "m.a.r.c.o@example.com",
    "subdomain": "marco@mail.example.com",
    "subdomains": "marco@a.b.c.example.com",
    "capitals": "Marco.Rossi@example.com",
    "capitals-all": "MARCO@example.com",
    "long-local": f"{'marcantonio.' * 5}ross@example.com",
    "new-domain": "marco@studio.example",
    "digits": "4711@example.com",
    "hyphen": "marco-rossi@my-company.example.com",
    "underscore": "marco_rossi_@example.com",
    "underscore-first": "_marco@example.com",
    "apostrophe": "sean.o'neil@example.com",
    "digits-first": "0039marco@example.com",
    "digits-domain": "marco@123.example.com",
    "short": "a@b.example",
    "long-domain": f"marco@{'sub-domain.' * 6}example.com",
    "encoded-domain": "marco@xn--mller-kva.example.com",
    "name-like": "null@example.com",
}
_ODD = {
    "percent": "marco%41@example.com",
    "ampersand": "rossi&figli@example.com",
    "slash": "marco/rossi@example.com",
    "equals": "marco=rossi@example.com",
    "all-of-atext": "a!#$%&'*+-/=?^_`{|}~z@example.com",
    "capital-domain": "marco@Example.COM",
    "non-ascii": "zoë@example.com",
    "non-ascii-domain": "marco@müller.example.com",
    "long": f"{'m' * 64}@{'sub-domain.' * 16}example.com",
}

_mail = Series("mail", "cards.email").reads
_odd = Series("mail-odd", "cards.email-form").reads

FEATURES = (
    _mail("none", "A contact without EMAIL has an address.", email=""),
    *(
        _mail(key, f"The address `{email}` is changed or lost.", f"EMAIL:{email}", email=email)
        for key, email in _ADDRESSES.items()
    ),
    _mail(
        "in-the-name",
        "An address in FN is taken.",
        f"FN:{NAME} b@example.com",
        name=f"{NAME} b@example.com",
        email="",
    ),
    _mail("x-types", "EMAIL with unknown types is not read.", f"EMAIL;TYPE=X-Ufficio:{EMAIL}"),
    *(
        _odd(key, f"The address `{email}` is changed or lost.", f"EMAIL:{email}", email=email)
        for key, email in _ODD.items()
    ),
    _odd("mailto", "`mailto:` is taken for a part of the address.", f"EMAIL:mailto:{EMAIL}"),
    _odd("blanks", "Blanks around an address belong to it.", f"EMAIL: {EMAIL} "),
    _odd("brackets", "`<` and `>` belong to the address.", f"EMAIL:<{EMAIL}>"),
    _odd("with-name", "A name belongs to the address.", f"EMAIL:{NAME} <{EMAIL}>"),
    _odd("empty", "An empty EMAIL is an address.", "EMAIL:", email=""),
)
