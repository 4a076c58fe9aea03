"""The region in whose notation the numbers of an account are typed, from what imports made of them."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import phonenumbers

from qlara_proxy.sandbox import USUAL_REGION, import_plan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qlara_proxy.keeping import KeptExchange

_MOST_REGIONS = 5


def region_of(exchanges: Iterable[KeptExchange], usual: str = USUAL_REGION) -> str:
    """Return the region in whose notation the uploads' numbers become those that reads showed."""
    files: list[bytes] = []
    shown: Counter[str] = Counter()
    seen: set[str] = set()
    for each in exchanges:
        body = each.response.body if each.response else b""
        if each.request.method == "POST" and len(files) < 20:
            files.append(each.request.body[:200_000])
        for number in re.findall(rb'"phoneNumber"\s*:\s*"(\+[0-9]{6,15})"', body[:500_000]):
            seen.add(number.decode())
    for number in sorted(seen)[:2000]:
        try:
            region = phonenumbers.region_code_for_number(phonenumbers.parse(number))
        except phonenumbers.NumberParseException:
            continue
        if region:
            shown[region] += 1
    candidates = [usual, *(each for each, _ in shown.most_common(_MOST_REGIONS) if each != usual)]
    scores = {each: _explained(files, seen, each) for each in candidates}
    return max(candidates, key=lambda each: (scores[each], each == usual))


def _explained(files: list[bytes], seen: set[str], region: str) -> int:
    found = 0
    for body in files:
        start = body.upper().find(b"BEGIN:VCARD")
        end = body.upper().rfind(b"END:VCARD")
        plan = import_plan(body[start : end + 9], region) if 0 <= start < end else None
        found += sum(each.phone_number in seen for each in plan.created) if plan else 0
    return found
