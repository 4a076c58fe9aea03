"""The installed package in projects of others: beside their packages, plugins and test runners."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.qlara_sandbox.web.calls import QUOTA

if TYPE_CHECKING:
    from tests.scratch.project import Done, Project
    from tests.server import Running

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CARD = r"BEGIN:VCARD\nVERSION:3.0\nFN:Marco Rossi\nTEL:347 123 4567\nEND:VCARD\n"
USES_THE_FIXTURE = f"""
    def test_an_import(qlara_sandbox):
        assert qlara_sandbox.upload("{CARD}").status == 200
        assert [contact.name for contact in qlara_sandbox.contacts()] == ["Marco Rossi"]

    def test_another_import(qlara_sandbox):
        assert qlara_sandbox.quota().used == 0
"""


def passed(done: Done, count: int) -> bool:
    return done.status == 0 and f"{count} passed" in done.output


def test_packages_of_a_project_may_be_named_like_our_folders(project: Project) -> None:
    names = ("sandbox", "contract_tests", "scenarios")
    project.write({f"{name}/__init__.py": f'OWNER = "the project\'s {name}"\n' for name in names})
    imports = """
    import contract_tests
    import sandbox
    import scenarios

    def test_the_packages_are_the_projects_own():
        for package in (contract_tests, sandbox, scenarios):
            assert package.OWNER == f"the project's {package.__name__}"
    """
    project.write({"tests/test_own.py": imports, "tests/test_fixture.py": USES_THE_FIXTURE})

    done = project.pytest()

    assert passed(done, 3), done.output


def test_the_fixture_works_beside_the_plugins_of_others(project: Project) -> None:
    project.write(
        {
            "test_fixture.py": USES_THE_FIXTURE,
            "test_others.py": """
            import anyio
            import pytest

            @pytest.mark.asyncio
            async def test_asyncio(qlara_sandbox):
                status = (await anyio.to_thread.run_sync(qlara_sandbox.upload, "no card")).status
                assert status == 400

            @pytest.mark.anyio
            @pytest.mark.parametrize("anyio_backend", ["asyncio"])
            async def test_anyio(qlara_sandbox, anyio_backend):
                status = (await anyio.to_thread.run_sync(qlara_sandbox.upload, "no card")).status
                assert status == 400

            def test_base_url(qlara_sandbox, base_url):
                assert base_url == "https://shop.example"
            """,
        }
    )

    done = project.pytest("-n", "2", "--base-url", "https://shop.example")

    assert passed(done, 5), done.output


@pytest.mark.skipif(CHROMIUM is None, reason="needs an installed Chromium")
def test_a_browser_test_reads_the_pages_of_the_installation(project: Project) -> None:
    project.write(
        {
            "conftest.py": f"""
            import pytest

            @pytest.fixture(scope="session")
            def base_url(qlara_sandbox_accounts):
                return qlara_sandbox_accounts("browser").base_url

            @pytest.fixture(scope="session")
            def browser_type_launch_args():
                return {{"executable_path": "{CHROMIUM}", "args": ["--no-sandbox"]}}
            """,
            "test_pages.py": """
            import pytest

            @pytest.mark.parametrize("name", ["console", "docs"])
            def test_page(page, name):
                page.goto(f"/__{name}")
                assert "Qlara" in page.title()
            """,
        }
    )

    done = project.pytest()

    assert passed(done, 2), done.output


def test_the_suite_adds_no_option_unless_it_is_asked_for(project: Project) -> None:
    plain = project.pytest("--help")
    asked = project.pytest("-p", "qlara_contract.plugin", "--help")

    assert (plain.status, asked.status) == (0, 0), plain.output + asked.output
    assert "--contract-" not in plain.output
    assert "--contract-base-url" in asked.output


def test_the_suite_runs_beside_the_plugins_of_others(project: Project, server: Running) -> None:
    done = project.pytest(
        *("-p", "qlara_contract.plugin", "--pyargs", "qlara_contract", "-k", "test_quota"),
        *("--contract-base-url", server.url, "--contract-api-key", "sandbox_scratch"),
    )

    assert done.status == 0, done.output
    assert " passed" in done.output


def test_unittest_runs_a_sandbox_for_a_class(project: Project) -> None:
    project.write(
        {
            "test_import.py": f"""
            import json
            import unittest
            from urllib.request import Request, urlopen

            from qlara_sandbox.testing import running

            class ImportTest(unittest.TestCase):
                @classmethod
                def setUpClass(cls):
                    cls.sandbox = cls.enterClassContext(running())

                def test_an_import(self):
                    self.assertEqual(self.sandbox.upload("{CARD}").status, 200)
                    request = Request(self.sandbox.base_url + "{QUOTA}", headers=self.sandbox.headers)
                    with urlopen(request) as response:
                        self.assertEqual(json.load(response)["used"], 1)

            if __name__ == "__main__":
                unittest.main()
            """
        }
    )

    done = project.python("-m", "unittest")

    assert done.status == 0, done.output
    assert "Ran 1 test" in done.output
