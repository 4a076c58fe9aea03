"""The files for other people's machines keep the schemas of what reads them: workflows, compose, Kubernetes."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from qlara_cli import COMMANDS

if TYPE_CHECKING:
    import click

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "docs" / "examples" / "deploy"
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
CI_PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
WORKFLOW, BY_HAND, GITLAB = re.findall(
    r"(?:## GitHub Actions|<!-- without the action -->|## GitLab)\n.*?```yaml\n(.*?)```\n",
    CI_PAGE,
    re.DOTALL,
)
MANIFEST = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")))


def complaints(program: str, *arguments: str | Path) -> str:
    """Return what a linter prints, or nothing if it is content."""
    command = [Path(sys.executable).with_name(program), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return f"{done.stdout}{done.stderr}" if done.returncode else ""


def written(folder: Path, text: str) -> Path:
    path = folder / "file.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("github-actions", ROOT / "action.yml"),
        ("compose-spec", ROOT / "compose.yaml"),
        ("compose-spec", DEPLOY / "compose.yaml"),
    ],
    ids=["the action", "compose.yaml", "the compose file of a partner"],
)
def test_a_file_keeps_its_schema(schema: str, path: Path) -> None:
    assert complaints("check-jsonschema", "--builtin-schema", f"vendor.{schema}", path) == ""


@pytest.mark.parametrize(
    ("schema", "text"),
    [("github-workflows", WORKFLOW), ("github-workflows", BY_HAND), ("gitlab-ci", GITLAB)],
    ids=["GitHub", "GitHub without the action", "GitLab"],
)
def test_a_job_to_copy_keeps_its_schema(schema: str, text: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)

    assert complaints("check-jsonschema", "--builtin-schema", f"vendor.{schema}", path) == ""


def test_the_manifest_keeps_the_schemas_of_kubernetes() -> None:
    path = DEPLOY / "kubernetes.yaml"

    assert complaints("kubernetes-validate", "--strict", "--quiet", path) == ""


def test_a_wrong_field_of_the_manifest_would_be_found(tmp_path: Path) -> None:
    text = (DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")
    path = written(tmp_path, text.replace("readinessProbe", "readynessProbe"))

    assert "readynessProbe" in complaints("kubernetes-validate", "--strict", path)


def test_the_jobs_use_inputs_and_outputs_that_the_action_has() -> None:
    steps: list[dict[str, Any]] = [
        step for job in yaml.safe_load(WORKFLOW)["jobs"].values() for step in job["steps"]
    ]
    used = [step for step in steps if step.get("uses") == "./qlara-sandbox"]

    assert len(used) == 3
    assert {name for step in used for name in step.get("with", {})} <= ACTION["inputs"].keys()
    assert set(re.findall(r"steps\.qlara\.outputs\.(\w+)", WORKFLOW)) <= ACTION["outputs"].keys()


def test_the_page_tells_every_input_and_output_of_the_action() -> None:
    names = {*ACTION["inputs"], *ACTION["outputs"]}

    assert [name for name in names if f"`{name}`" not in CI_PAGE] == []


def test_the_service_of_a_partner_waits_for_the_health_of_the_sandbox() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]

    assert services["your-service"]["depends_on"] == {"qlara": {"condition": "service_healthy"}}
    # Without a test of its own, the check of the image goes on in this rhythm.
    assert "test" not in services["qlara"]["healthcheck"]


def test_the_pod_is_as_confined_as_the_compose_service() -> None:
    [deployment] = [each for each in MANIFEST if each["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    [container] = pod["containers"]

    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]) == (
        65532,
        65532,
    )
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    probes = {
        name: container[name]["httpGet"]["path"] for name in container if name.endswith("Probe")
    }
    assert probes == {
        "startupProbe": "/__health/ready",
        "readinessProbe": "/__health/ready",
        "livenessProbe": "/__health/live",
    }


def test_every_job_fetches_the_submodule_that_it_installs_from() -> None:
    checkouts = [
        step["with"]
        for text in (WORKFLOW, BY_HAND)
        for job in yaml.safe_load(text)["jobs"].values()
        for step in job["steps"]
        if step.get("uses", "").startswith("actions/checkout")
    ]

    assert checkouts == [{"submodules": True}] * 3
    assert yaml.safe_load(GITLAB)["variables"]["GIT_SUBMODULE_STRATEGY"] == "recursive"
    assert "git submodule update --init --recursive" in CI_PAGE


def test_the_commands_of_the_jobs_are_commands_and_options_that_there_are() -> None:
    used = re.findall(r"qlara-sandbox (serve|wait|verify|coverage)\b([^\n'}]*)", CI_PAGE)
    unknown = [
        (name, option)
        for name, rest in used
        for option in re.findall(r"--[a-z-]+", rest)
        if option not in {flag for each in _command(name).params for flag in each.opts}
    ]

    assert len(used) > 12
    assert unknown == []


def _command(name: str) -> click.Command:
    return COMMANDS[name][0]()


@pytest.mark.parametrize("job", ["GitLab", "by hand"])
def test_a_job_starts_a_sandbox_waits_for_it_and_asks_what_it_has_met(
    job: str, tmp_path: Path
) -> None:
    """The lines of the job, run as they stand: nothing is installed, and the port is a free one."""
    if job == "GitLab":
        steps = yaml.safe_load(GITLAB)["sandbox"]
        lines = [*steps["before_script"], *steps["script"]]
    else:
        steps = yaml.safe_load(BY_HAND)["jobs"]["sandbox"]["steps"]
        lines = [each["run"] for each in steps if "run" in each and "Check" not in each["name"]]
        lines = [line for line in lines if "report.md" not in line]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    script = "\n".join([*lines, "kill $!"])
    script = re.sub(r"pip install [^\n]*", ":", script)
    script = script.replace(" serve", f" serve --port {url.rpartition(':')[2]}")
    script = script.replace("http://127.0.0.1:8080", url)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={"PATH": path, "QLARA_BASE_URL": url, "GITHUB_STEP_SUMMARY": "summary.md"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    summary = tmp_path / "summary.md"
    shown = summary.read_text(encoding="utf-8") if summary.exists() else done.stdout
    assert "of the contract" in shown
    assert "Stop with Ctrl-C." in (tmp_path / "sandbox.log").read_text(encoding="utf-8")
