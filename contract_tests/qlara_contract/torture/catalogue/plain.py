"""Cards without any feature: contacts and errors by the hundred, and the guards of other cards."""

from __future__ import annotations

from qlara_contract.oracle import INVALID, MISSING
from qlara_contract.torture.writing import Series, reads

CONTACT = reads("plain.contact", "upload.imports-a-file", "A plain card is not imported as it is.")
MISSING_PHONE = Series("plain", "upload.error-missing-phone").refuses(
    "missing-phone", "A plain card without TEL is not reported as it should be.", reason=MISSING
)
INVALID_PHONE = Series("plain", "upload.error-invalid-phone").refuses(
    "invalid-phone",
    "A plain card whose TEL is too short is not reported as it should be.",
    "TEL:12",
    reason=INVALID,
)

FEATURES = (CONTACT, MISSING_PHONE, INVALID_PHONE)
