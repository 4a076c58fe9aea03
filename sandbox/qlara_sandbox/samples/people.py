"""Fictional people, companies and addresses to fill vCard files with."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from random import Random


class Person(NamedTuple):
    """Somebody who does not exist. ``mailbox`` is the ASCII part of an address before the ``@``."""

    given: str
    family: str
    mailbox: str

    @property
    def name(self) -> str:
        """The full name, as ``FN`` has it."""
        return f"{self.given} {self.family}".strip()


class Town(NamedTuple):
    """An Italian postal address."""

    street: str
    city: str
    province: str
    postcode: str


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


_ITALIAN = (
    _names(
        "Alessandro, Alice, Andrea, Antonio, Beatrice, Camilla, Carlo, Chiara, Claudia, "
        "Cristina, Daniele, Davide, Domenico, Elena, Eleonora, Elisa, Emanuele, Enrico, "
        "Fabio, Federica, Federico, Filippo, Francesca, Francesco, Gabriele, Giacomo, "
        "Giorgia, Giovanni, Giuseppe, Ilaria, Irene, Lorenzo, Lucia, Maria, Martina, Matteo, "
        "Michele, Nicola, Niccolò, Paola, Paolo, Pietro, Riccardo, Roberta, Salvatore, Sara, "
        "Serena, Silvia, Simone, Sofia, Stefania, Stefano, Tommaso, Valentina, Vincenzo, "
        "Vittoria"
    ),
    _names(
        "Amato, Barbieri, Basile, Battaglia, Bellini, Benedetti, Bernardi, Caputo, Caruso, "
        "Cattaneo, Colombo, Conti, Coppola, Costa, Esposito, Fabbri, Farina, Ferrara, "
        "Ferrari, Ferraro, Fiore, Fontana, Galli, Gallo, Gatti, Gentile, Giordano, Grassi, "
        "Greco, Guerra, Leone, Lombardi, Longo, Mancini, Marchetti, Mariani, Marino, Marini, "
        "Martinelli, Messina, Montanari, Monti, Moretti, Orlando, Palumbo, Parisi, "
        "Pellegrini, Piras, Ricci, Rinaldi, Riva, Rizzo, Romano, Russo, Sala, Santoro, Serra, "
        "Silvestri, Testa, Valentini, Villa, Vitale, D'Angelo, D'Amico, Dell'Acqua, De Luca, "
        "De Santis, Lo Presti, Nicolò"
    ),
)
_EUROPEAN = (
    _names(
        "André, Anaïs, Björn, Chloé, François, Gül, Håkon, Ingrid, István, Jürgen, José, "
        "Katarzyna, Łukasz, Mónica, Naoise, Øyvind, Piotr, Renée, Søren, Šárka, Tomáš, Ülkü, "
        "Zoë, Željka"
    ),
    _names(
        "Åkesson, Brånström, Çelik, Dvořák, Fernández, García, Gonçalves, Grünwald, Horváth, "
        "Ibáñez, Jørgensen, Kowalczyk, Lefèvre, Müller, Nagy, Novák, Pérez, Rössler, Schäfer, "
        "Sørensen, Weiß, Žižek, Østergård, O'Connor, van der Berg, Saint-Exupère"
    ),
)
# Given name, family name, mailbox: what no table of accents turns into ASCII.
_WORLD = (
    ("Ольга", "Иванова", "olga.ivanova"),
    ("Дмитрий", "Соколов", "dmitri.sokolov"),
    ("Олександр", "Шевчук", "oleksandr.shevchuk"),
    ("Ελένη", "Παπαδοπούλου", "eleni.papadopoulou"),
    ("太郎", "山田", "taro.yamada"),
    ("さくら", "佐藤", "sakura.sato"),
    ("伟", "王", "wei.wang"),
    ("秀英", "李", "xiuying.li"),
    ("민준", "김", "minjun.kim"),
    ("Linh", "Nguyễn Thị", "linh.nguyen"),
    ("محمد", "الحسن", "mohamed.alhassan"),
    ("נועה", "כהן", "noa.cohen"),
    ("ปรีชา", "สุขใจ", "preecha.sukjai"),
    ("अनिता", "शर्मा", "anita.sharma"),
)
# Names with what has to be escaped, and with what people put into their address book.
_ODD = (
    ("Bar Centrale, di Rossi & C.", "", "bar.centrale"),
    ("Studio Legale Conti; Ferri", "", "studio.conti"),
    ("Pizzeria da Gino 🍕", "", "pizzeria.gino"),
    ("Marta", "Riva, Dott.ssa", "marta.riva"),
    ("Idraulico (urgenze)", "", "idraulico"),
    ("Zia Pina ❤️", "", "zia.pina"),
)
_COMPANIES = (
    "Officine Meccaniche Brenta S.r.l.",
    "Colorificio Adige S.p.A.",
    "Agenzia Viaggi Orizzonte, Verona",
    "Cantina Colle Alto",
    "Ottica Lumière",
    "Tessuti & Filati Prato S.n.c.",
    "Logistica Nord-Est; Filiale di Udine",
    "Caffè Torrefazione Sirena",
    "Grünwald GmbH",
    "Panificio F.lli Gatti",
)
DEPARTMENTS = ("Vendite", "Acquisti", "Amministrazione", "Qualità, Ambiente", "Assistenza")
LABELS = ("Cellulare lavoro", "Numero di casa", "_$!<Work>!$_", "WhatsApp", "Segreteria")
GROUPS = ("clienti", "fornitori", "newsletter", "fiera 2026", "amici, famiglia")
NOTES = (
    "Preferisce essere chiamata dopo le 15:00, mai il venerdì.",
    "Incontrato alla fiera di Rimini; interessato al listino 2026, attende un'offerta entro la fine "
    "del mese.\nRichiamare l'ufficio acquisti, non la segreteria.",
    "Cliente storico: consegne solo al mattino, citofono «Magazzino». Nota di credito n. 12/2025 "
    "ancora aperta, vedi \\\\archivio\\clienti.",
    "山田さんの紹介。次回の訪問は来月、資料を日本語で用意すること。連絡は電子メールが望ましい。",
    "Не звонить до обеда; документы отправлять по электронной почте, оригиналы — курьером.",
    "Compleanno con la famiglia 🎂 ricordare gli auguri.",
)
_DOMAINS = ("example.com", "example.it", "example.org", "mail.example.com", "studio.example.it")
_STREETS = (
    "Via Roma",
    "Via Garibaldi",
    "Corso Vittorio Emanuele II",
    "Piazza della Libertà",
    "Viale dell'Università",
    "Vicolo Stretto",
    "Strada Provinciale 12, km",
)
_PLACES = (
    ("Milano", "MI", "201"),
    ("Roma", "RM", "001"),
    ("Torino", "TO", "101"),
    ("Napoli", "NA", "801"),
    ("Bologna", "BO", "401"),
    ("Forlì", "FC", "471"),
    ("Cantù", "CO", "220"),
    ("L'Aquila", "AQ", "671"),
    ("Padova", "PD", "351"),
    ("Bari", "BA", "701"),
)
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "ü": "ue", "ö": "oe", "ä": "ae", "ß": "ss", "đ": "d", " ": "-"}
)


def person(rng: Random) -> Person:
    """Return somebody: in most cases Italian, at times from elsewhere or an odd entry."""
    draw = rng.random()
    if draw < 0.04:  # noqa: PLR2004 - shares of an address book, named nowhere else
        return Person(*rng.choice(_WORLD))
    if draw < 0.06:  # noqa: PLR2004
        return Person(*rng.choice(_ODD))
    givens, families = _EUROPEAN if draw < 0.16 else _ITALIAN  # noqa: PLR2004
    given, family = rng.choice(givens), rng.choice(families)
    return Person(given, family, mailbox(given, family))


def mailbox(given: str, family: str) -> str:
    """Return what goes before the ``@`` for a name in Latin letters: ``joe.mueller``-like ASCII."""
    return f"{_ascii(given)}.{_ascii(family)}"


def email(rng: Random, who: Person) -> str:
    """Return an address of *who* at a domain that is reserved for examples (RFC 2606)."""
    number = rng.choice(("", "", rng.randrange(2, 100)))
    return f"{who.mailbox}{number}@{rng.choice(_DOMAINS)}"


def company(rng: Random) -> str:
    """Return the name of a company that does not exist."""
    return rng.choice(_COMPANIES)


def place(rng: Random) -> Town:
    """Return an address in Italy."""
    city, province, postcode = rng.choice(_PLACES)
    street = f"{rng.choice(_STREETS)} {rng.randrange(1, 140)}"
    return Town(street, city, province, f"{postcode}{rng.randrange(10, 60)}")


def portrait(rng: Random, octets: int) -> bytes:
    """Return something of that many octets with the outside of a JPEG, for ``PHOTO``."""
    return b"\xff\xd8\xff\xe0" + rng.randbytes(octets - 6) + b"\xff\xd9"


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    return re.sub(r"[^a-z-]", "", plain)
