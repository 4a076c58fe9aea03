"""Every rule on imports turns red when it is broken: each is shown an import that it forbids."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grimp
import pytest
from importlinter.api import read_configuration
from importlinter.configuration import configure
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract

if TYPE_CHECKING:
    from importlinter.domain.contract import Contract

ROOT = Path(__file__).parents[1]
KINDS: dict[str, type[Contract]] = {
    "acyclic_siblings": AcyclicSiblingsContract,
    "forbidden": ForbiddenContract,
    "independence": IndependenceContract,
    "layers": LayersContract,
}
# The name of a rule (its beginning), and imports that it forbids.
FORBIDDEN = [
    ("The command line is above", "qlara_contract.contract", "qlara_cli.verify"),
    ("The command line is above", "qlara_examples.page", "qlara_cli.examples"),
    ("The proxy is layered", "qlara_proxy.traffic", "qlara_proxy.judging.judge"),
    ("The judge of traffic is layered", "qlara_proxy.judging.seen", "qlara_proxy.judging.quotas"),
    ("The command line is above", "qlara_contract.run", "qlara_examples.page"),
    ("The sandbox knows neither", "qlara_sandbox.domain.quota", "qlara_contract.promises"),
    ("The sandbox knows neither", "qlara_sandbox.web.app", "qlara_cli.serve"),
    ("The sandbox knows neither", "qlara_sandbox.web.runtime", "qlara_examples.page"),
    ("The sandbox is layered", "qlara_sandbox.state.world", "qlara_sandbox.scenario.model"),
    ("The sandbox is layered", "qlara_sandbox.services.importing", "qlara_sandbox.http.multipart"),
    ("The sandbox is layered", "qlara_sandbox.http.contract", "qlara_sandbox.web.runtime"),
    ("The sandbox is layered", "qlara_sandbox.store.shared", "qlara_sandbox.web.context"),
    ("Only the store knows", "qlara_sandbox.web.runtime", "redis"),
    ("Inside web", "qlara_sandbox.web.context", "qlara_sandbox.web.pipeline"),
    ("Inside web", "qlara_sandbox.web.gates.key", "qlara_sandbox.web.pipeline"),
    ("Inside web", "qlara_sandbox.web.observers.journal", "qlara_sandbox.web.context"),
    ("Inside web", "qlara_sandbox.web.api", "qlara_sandbox.web.control_api"),
    ("Gates do not know", "qlara_sandbox.web.gates.key", "qlara_sandbox.web.gates.faults"),
    ("Sample files and vobject", "qlara_sandbox.domain.vcard", "vobject"),
    ("Sample files and vobject", "qlara_sandbox.web.console", "qlara_sandbox.samples.people"),
    ("The domain and the state", "qlara_sandbox.domain.vcard", "starlette"),
    ("The domain and the state", "qlara_sandbox.state.world", "asyncio"),
    ("The command line is above", "qlara_mcp.server", "qlara_cli.serve"),
    ("The sandbox knows neither", "qlara_sandbox.web.llms", "qlara_mcp.bounds"),
    ("The tools for agents see", "qlara_mcp.sandbox_client", "qlara_sandbox.state.world"),
    ("The tools for agents see", "qlara_mcp.tools.worlds", "qlara_sandbox.testing.server"),
    ("The tools for agents are layered", "qlara_mcp.toolkit", "qlara_mcp.tools.contract"),
    ("What is delivered does without", "qlara_mcp.bounds", "reliability.wire"),
    ("The suite sees the sandbox", "qlara_contract.oracle", "qlara_sandbox.domain.vcard"),
    ("The suite sees the sandbox", "qlara_examples.page", "qlara_sandbox.web.app"),
    ("A rehearsal sees the sandbox", "qlara_rehearsal.judge", "qlara_sandbox.testing.server"),
    ("A proxy sees the sandbox", "qlara_proxy.running", "qlara_sandbox.web.runtime"),
    ("The proxy is layered", "qlara_proxy.judging.judge", "qlara_proxy.recording"),
    ("The proxy is layered", "qlara_proxy.forwarding.hub", "qlara_proxy.live"),
    ("The judge of traffic is layered", "qlara_proxy.judging.ledger", "qlara_proxy.judging.judge"),
    ("What forwards is layered", "qlara_proxy.forwarding.heads", "qlara_proxy.forwarding.bodies"),
    ("A rehearsal is layered", "qlara_rehearsal.evidence", "qlara_rehearsal.checks.account"),
    ("The proxy is layered", "qlara_proxy.traffic", "qlara_proxy.judging.judge"),
    ("The judge of traffic is layered", "qlara_proxy.judging.seen", "qlara_proxy.judging.quotas"),
    ("The command line is above", "qlara_contract.run", "qlara_rehearsal.judge"),
    ("The sandbox knows neither", "qlara_sandbox.testing.server", "qlara_rehearsal.stage"),
    ("The documentation examples know", "qlara_examples.page", "qlara_rehearsal.acts"),
    ("The documentation examples know", "qlara_examples.page", "qlara_contract.story"),
    ("The documentation examples know", "qlara_examples.run", "qlara_contract.targets"),
    ("What is delivered does without", "qlara_cli.vcard.generate", "reliability.wire"),
    ("What is delivered does without", "qlara_contract.forms", "reliability.wire"),
    ("The sandbox knows neither", "qlara_sandbox.samples.writing", "reliability.mutation"),
    ("The reliability runs judge", "reliability.schemas", "qlara_contract.contract"),
    ("The reliability runs are layered", "reliability.mutation", "reliability.engine"),
    ("The reliability runs are layered", "reliability.engine", "reliability.targets.vcard"),
    ("What is delivered does without", "qlara_sandbox.web.app", "benchmarks.statistics"),
    ("The benchmarks start servers", "benchmarks.servers", "qlara_cli.serve"),
    ("The benchmarks are layered", "benchmarks.candidates", "benchmarks.full"),
    ("The benchmarks are layered", "benchmarks.sender", "benchmarks.windows"),
    ("No cycles", "qlara_sandbox.domain.contacts", "qlara_sandbox.domain.importing"),
]


@cache
def _configuration() -> dict[str, Any]:
    configure()
    return read_configuration(str(ROOT / "pyproject.toml"))


@cache
def _imports() -> grimp.ImportGraph:
    packages = _configuration()["session_options"]["root_packages"]
    return grimp.build_graph(*packages, include_external_packages=True, cache_dir=None)


def _rules() -> list[dict[str, Any]]:
    return list(_configuration()["contracts_options"])


def _is_kept(rule: dict[str, Any], graph: grimp.ImportGraph) -> bool:
    contract = KINDS[rule["type"]](rule["name"], _configuration()["session_options"], rule)
    return contract.check(graph, verbose=False).kept


@pytest.mark.parametrize(("rule_name", "importer", "imported"), FORBIDDEN)
def test_a_rule_turns_red_when_it_is_broken(rule_name: str, importer: str, imported: str) -> None:
    [rule] = [one for one in _rules() if one["name"].startswith(rule_name)]
    graph = deepcopy(_imports())
    assert _is_kept(rule, deepcopy(graph))
    assert importer in graph.modules, "the example must name a module that there is"
    graph.add_import(
        importer=importer, imported=imported, line_number=1, line_contents=f"import {imported}"
    )

    assert not _is_kept(rule, graph)


def test_every_rule_has_an_example_that_breaks_it() -> None:
    tried = {name for name, _, _ in FORBIDDEN}

    assert [one["name"] for one in _rules() if not one["name"].startswith(tuple(tried))] == []
