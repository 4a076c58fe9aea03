from __future__ import annotations

import re

from hypothesis import given, settings, strategies as st
from phonenumbers import PhoneMetadata, PhoneNumberDesc, PhoneNumberType
from phonenumbers.phonenumberutil import _number_type_helper

from qlara_sandbox.domain.numbering import answered_pattern

ANSWERED = {
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.VOIP,
    PhoneNumberType.PERSONAL_NUMBER,
}
TYPES = (
    *("fixed_line", "mobile", "voip", "personal_number", "premium_rate", "toll_free"),
    *("shared_cost", "pager", "uan", "voicemail"),
)

patterns = st.sampled_from(
    ["", "1\\d", "[12]\\d{2}", "1|2\\d", "\\d{2,3}", "11?", "(?:2|3)\\d\\d?"]
)
descriptions = st.one_of(
    st.none(),
    st.builds(
        PhoneNumberDesc,
        national_number_pattern=patterns,
        possible_length=st.sampled_from([(), (2,), (3,), (2, 3), (-1,)]),
    ),
)
regions = st.builds(
    lambda general, leading, types: PhoneMetadata(
        id="XX", general_desc=general, leading_digits=leading, register=False, **types
    ),
    st.builds(PhoneNumberDesc, national_number_pattern=patterns, possible_length=st.just((2, 3))),
    st.sampled_from([None, None, "1", "2|31"]),
    st.fixed_dictionaries(dict.fromkeys(TYPES, descriptions)),
)


def by_the_library(among: list[PhoneMetadata], digits: str) -> bool:
    """Tell whether *digits* are answered, as ``region_code_for_number`` and ``number_type`` do."""
    for region in among:
        kind = _number_type_helper(digits, region)
        if region.leading_digits is None and kind != PhoneNumberType.UNKNOWN:
            return kind in ANSWERED
        if region.leading_digits is not None and digits.startswith(
            tuple(region.leading_digits.split("|"))
        ):
            return kind in ANSWERED
    return False


@settings(deadline=None, max_examples=500)
@given(st.lists(regions, min_size=1, max_size=3), st.text("123", min_size=2, max_size=3))
def test_whatever_the_metadata_a_number_is_answered_as_its_type_says(
    among: list[PhoneMetadata], digits: str
) -> None:
    found = re.match(answered_pattern(among, len(digits)), digits)

    assert (found is not None) == by_the_library(among, digits)
