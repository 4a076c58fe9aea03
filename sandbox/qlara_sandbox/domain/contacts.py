"""Cards as a file offers them, contacts as an account holds them."""

from __future__ import annotations

from typing import NamedTuple


class Phone(NamedTuple):
    """One ``TEL`` of a card: the value as typed (unescaped) and the 1-based line it begins on."""

    text: str
    line: int


class Card(NamedTuple):
    """One ``BEGIN:VCARD … END:VCARD`` of a file.

    ``line`` is the 1-based line of ``BEGIN:VCARD`` in the uploaded file. ``phones`` are in the order
    in which they are to be tried (design: preferred, mobile, the others; never fax, pager, modem)
    and leave out empty ones; ``first_phone_line`` is the line of the first usable TEL in file order
    (0 where there is none). ``fault`` says why the card cannot be imported at all; empty if it can.
    """

    line: int
    name: str
    phones: tuple[Phone, ...] = ()
    first_phone_line: int = 0
    email: str = ""
    address: str = ""
    fault: str = ""
    fault_line: int = 0


class Contact(NamedTuple):
    """A person whom an account can reach. ``created_at`` is RFC 3339 with the account's offset."""

    contact_id: str
    name: str
    phone_number: str
    email: str
    address: str
    tags: tuple[str, ...]
    created_at: str
