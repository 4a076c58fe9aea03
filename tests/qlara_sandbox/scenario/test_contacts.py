from __future__ import annotations

import pytest

from qlara_sandbox import resources
from qlara_sandbox.scenario.build import build_template
from qlara_sandbox.scenario.library import Library

SCENARIOS = Library(resources.SCENARIOS)
# The numbers that UC-020 prints, in E.164. Its 250 cards begin with them.
DOCUMENTED = {"+393471234567", "+393489876543"}
ABOUT_THEM = {"update-existing"}


@pytest.mark.parametrize("name", SCENARIOS.names())
def test_a_scenario_has_nobody_whom_the_use_case_imports_unless_it_is_about_them(
    name: str,
) -> None:
    numbers = {contact.phone_number for contact in build_template(SCENARIOS.get(name)).contacts}

    assert numbers & DOCUMENTED == (DOCUMENTED if name in ABOUT_THEM else set())
