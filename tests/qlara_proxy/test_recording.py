"""A recorded scenario: the sandbox answers the recorded reads, and the recorded uploads lead to what followed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from docs.generate.stories import play, steps
from qlara_cli import main
from qlara_contract.differential import shape
from qlara_proxy import beginning
from qlara_proxy.recording import Recording, _what_is_kept
from qlara_proxy.sandbox import OVERLAYS, SCENARIOS, RunningSandbox, load_scenario
from qlara_sandbox.http.conventions import overlay_for
from tests.qlara_proxy.passing import QUOTA, Deployment, exchange, form, listed
from tests.server import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qlara_proxy.traffic import PassedExchange

SHIPPED = SCENARIOS / "files"
EXPORT = (SHIPPED / "contacts-export.vcf").read_bytes()
UPDATED = (SHIPPED / "contacts-updated.vcf").read_bytes()
NEW_LIST = (SHIPPED / "outlook-contacts.vcf").read_bytes()
# What is invented anew in a recording, and says nothing of what a response means.
REPLACED = {"name", "phoneNumber", "email", "tags"}


def play_story(one: Deployment) -> None:
    """Read, import in every way, and read again."""
    one.quota()
    one.read()
    one.read(query="?limit=7&page=2")
    one.upload(EXPORT, listId="list_crm_migration", tags="crm-import,q2-2026")
    one.upload(UPDATED, listId="list_crm_migration", duplicateStrategy="UPDATE")
    one.upload(NEW_LIST, listName="Outlook Sync Aprile 2026")
    one.upload(b"no card", listId="list_crm_migration")
    one.quota()
    one.read(query="?limit=20")
    one.read("list_nowhere")


def record(path: Path, **options: Any) -> tuple[Recording, list[PassedExchange], list[Path]]:
    overlay = options.get("overlay")
    recording = Recording("http://deployment.test", secret=b"secret", overlay=overlay)
    with Deployment(recording, **options) as one:
        play_story(one)
        return recording, one.passed, recording.write(path)


def played_again(path: Path, passed: list[PassedExchange]) -> Iterator[tuple[Any, Any]]:
    """Yield the bodies of recorded responses and those of a sandbox with the scenario, uploads as recorded."""
    scenario = load_scenario(path)
    uploads = iter(sorted((path.parent / "files").glob("*.vcf")))
    sandbox = RunningSandbox(path.stem, path.parent)
    try:
        key = ("X-Api-Key", sandbox.key("again"))
        for one in passed:
            request, response = one.request, one.response
            assert response is not None
            body = request.body.read()
            headers = [key]
            if request.method == "POST":
                start = body.index(b"\r\n\r\n") + 4
                end = body.index(b"\r\n--boundary", start)
                body = body[:start] + next(uploads).read_bytes() + body[end:]
                headers += [each for each in request.headers if each[0] == "Content-Type"]
            status, _, content = sandbox.send(request.method, request.target, headers, body)
            assert (one.number, status) == (one.number, response.status)
            yield json.loads(response.body.read()), json.loads(content)
    finally:
        sandbox.close()
    assert scenario.title.startswith("Recorded account")


def without_what_is_replaced(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: len(each) if name in REPLACED - {"tags"} else without_what_is_replaced(each)
            for name, each in value.items()
            if name not in {"tags", "email"}
        }
    return [without_what_is_replaced(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "scenario",
    ["default", "crm-migration", "update-existing", "quota-exhausted", "large-account"],
)
def test_a_sandbox_with_a_recorded_scenario_differs_in_nothing_but_what_was_replaced(
    tmp_path: Path, scenario: str
) -> None:
    path = tmp_path / "mine.yaml"
    _, passed, _ = record(path, scenario=scenario)

    for recorded, again in played_again(path, passed):
        is_later = "completedAt" in recorded or scenario != "crm-migration"
        assert shape(recorded) == shape(again)
        expected, found = map(without_what_is_replaced, (recorded, again))
        if is_later:  # the clock of the deployment ran
            expected, found = map(without_times, (expected, found))
        assert found == expected


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: without_times(each) for name, each in value.items() if not name.endswith("At")
        }
    return [without_times(each) for each in value] if isinstance(value, list) else value


def test_reads_of_the_beginning_have_the_recorded_times_and_ids(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    _, passed, _ = record(path, scenario="update-existing")

    pages = [*played_again(path, passed)][1:3]

    assert [without_what_is_replaced(one) for one, _ in pages] == [
        without_what_is_replaced(two) for _, two in pages
    ]
    assert all(len(one["contacts"]) == len(two["contacts"]) for one, two in pages)


def test_a_recorded_scenario_names_the_overlay_of_its_deployment(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    _, passed, written = record(path, overlay=OVERLAYS / "api-reference.yaml")

    for recorded, again in played_again(path, passed):
        assert shape(recorded) == shape(again)
    assert "overlay: api-reference" in path.read_text(encoding="utf-8")
    assert path in written


def test_the_name_of_a_file_keeps_its_ending_without_which_the_api_reference_refuses_it(
    tmp_path: Path,
) -> None:
    overlay = OVERLAYS / "api-reference.yaml"
    recording = Recording("http://deployment.test", secret=b"secret", overlay=overlay)
    with Deployment(recording, overlay=overlay) as one:
        statuses = [
            one.upload(EXPORT, listId="list_crm_migration", fileName=name)[0]
            for name in ("Kunden von Brunhilde.vcf", "Kunden von Brunhilde.csv")
        ]
    path = recording.write(tmp_path / "mine.yaml")[0]

    lines = load_scenario(path).try_lines
    assert statuses == [200, 400]
    assert re.findall(r"^# (\d+)", lines, re.MULTILINE)[:2] == ["200", "400"]
    assert re.findall(r"fileName=[\w ]+(\.\w+)", lines) == [".vcf", ".csv"]
    assert "Brunhilde" not in lines
    assert recording.notes == [_what_is_kept(keep_data=False)]


def test_lists_that_only_imports_name_are_there_and_those_that_were_not_are_not(
    tmp_path: Path,
) -> None:
    recording = Recording("http://deployment.test", secret=b"secret")
    with Deployment(recording) as one:
        made = json.loads(one.upload(NEW_LIST, listName="New")[1])["listId"]
        statuses = [
            one.upload(file, listId=list_id)[0]
            for file, list_id in (
                (EXPORT, "list_crm_migration"),
                (b"no card", "list_crm_migration"),
                (EXPORT, made),
                (EXPORT, "list_nowhere"),
            )
        ]
    path = recording.write(tmp_path / "mine.yaml")[0]

    scenario = load_scenario(path)
    said = re.findall(r"^# (\d+)", scenario.try_lines, re.MULTILINE)
    assert statuses == [200, 400, 200, 404]
    assert said[1:5] == ["200", "400", "200", "404"]
    assert [each.list_id for each in scenario.lists] == ["list_crm_migration"]
    assert recording.notes == [_what_is_kept(keep_data=False)]


def test_an_overlay_of_ones_own_is_copied_beside_the_scenario(tmp_path: Path) -> None:
    overlay = tmp_path / "own" / "zero.yaml"
    overlay.parent.mkdir()
    overlay.write_text(
        "overlay: 1.0.0\ninfo: {title: Ours, version: '1'}\nactions:\n"
        "  - {target: $.info, update: {x-qlara-conventions: {order: newest}}}\n",
        encoding="utf-8",
    )
    path = tmp_path / "out" / "mine.yaml"

    _, passed, _ = record(path, overlay=overlay, scenario="update-existing")

    assert load_scenario(path).overlay == path.with_name("mine-overlay.yaml").resolve()
    for recorded, again in played_again(path, passed):
        assert without_times(without_what_is_replaced(recorded)) == without_times(
            without_what_is_replaced(again)
        )


@pytest.mark.parametrize("name", ["settle", "quota.settle"])
def test_an_import_that_takes_time_to_be_seen_is_seen_in_the_recorded_scenario(
    tmp_path: Path, name: str
) -> None:
    overlay = tmp_path / "settles.yaml"
    overlay.write_text(yaml.safe_dump(overlay_for({name: "250ms"})), encoding="utf-8")
    path = tmp_path / "out" / "mine.yaml"
    _, passed, _ = record(path, overlay=overlay)
    upload = next(one for one in passed if one.request.method == "POST")
    file = path.parent / "files" / "mine-01.vcf"
    headers, body = form(file.read_bytes(), listId="list_crm_migration")

    sandbox = RunningSandbox(path.stem, path.parent)
    try:
        key = ("X-Api-Key", sandbox.key("again"))
        reads = [QUOTA, listed("list_crm_migration")]
        before = [json.loads(sandbox.send("GET", each, [key], b"")[2]) for each in reads]
        sandbox.send("POST", upload.request.target, [key, *headers], body)

        def has_moved() -> bool:
            after = [json.loads(sandbox.send("GET", each, [key], b"")[2]) for each in reads]
            used, total = (
                after[0]["used"] - before[0]["used"],
                after[1]["total"] - before[1]["total"],
            )
            return bool(used > 0 and total > 0)

        until(has_moved)
    finally:
        sandbox.close()


def test_a_recorded_scenario_passes_its_check_and_its_try_lines(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    record(path)

    checked = CliRunner().invoke(main, ["scenarios", "check", str(path)])
    shown = CliRunner().invoke(main, ["scenarios", "--scenarios", str(tmp_path), "show", "mine"])
    sandbox = RunningSandbox("mine", tmp_path)
    try:
        lines = load_scenario(path).try_lines
        steps_shown = play(
            lines,
            base=sandbox.base_url,
            key=sandbox.key("story"),
            scratch=tmp_path,
            files=tmp_path / "files",
        )
    finally:
        sandbox.close()

    assert checked.output == "1 scenario checked, no mistakes.\n"
    assert shown.exit_code == 0
    assert [one.outcomes for one in steps_shown] == [one.expected for one in steps(lines)]
    assert [one.step.expected[0].status for one in steps_shown] == [200, 200, 200, 400, 200, 200]


def test_each_account_has_a_scenario_of_its_own(tmp_path: Path) -> None:
    recording = Recording("http://deployment.test", secret=b"secret")
    body = b'{"used": 3, "total": 10}'
    for number, key in enumerate(["key-one", "key-two", "key-two"], start=1):
        recording.passed(exchange(number, key=key, response=body))
    recording.passed(exchange(4, key="key-wrong", status=401))

    written = recording.write(tmp_path / "mine.yaml")

    assert [each.name for each in written] == ["mine.yaml", "mine-2.yaml"]
    assert "2 API keys were used: one scenario for each." in recording.notes
    assert all("key-" not in each.read_text(encoding="utf-8") for each in written)


def test_what_is_kept_is_said_in_the_file_and_in_the_notes(tmp_path: Path) -> None:
    recording = Recording("http://deployment.test", keep_data=True)
    with Deployment(recording, scenario="update-existing") as one:
        one.read()
        path = recording.write(tmp_path / "mine.yaml")[0]

    text = path.read_text(encoding="utf-8")
    kept = (
        "Kept as they were: names, numbers, mail addresses, tags, list names and the uploaded files. "
        "API keys are masked."
    )
    assert kept in text
    assert recording.notes == [kept]
    assert "Marco Rossi" in text
    assert "distinct-key" not in text


def test_nothing_recorded_is_still_a_scenario(tmp_path: Path) -> None:
    [path] = Recording("http://deployment.test").write(tmp_path / "odd name!.yml")

    assert (path.name, load_scenario(path).lists) == ("odd-name.yaml", ())


def test_contacts_that_cannot_be_held_are_made_up_and_told(tmp_path: Path) -> None:
    recording = Recording("http://deployment.test", secret=b"s")
    contacts = [{"contactId": "a", "name": "A", "phoneNumber": "347", "tags": [], "createdAt": "x"}]
    page = {
        "listId": "l",
        "contacts": contacts,
        "total": 1,
        "page": 1,
        "totalPages": 1,
        "hasMore": False,
    }
    recording.passed(exchange(1, target=listed("l"), key="k", response=json.dumps(page).encode()))

    [path] = recording.write(tmp_path / "mine.yaml")

    assert "# 1 contact without a number in E.164: made up." in path.read_text(encoding="utf-8")
    assert load_scenario(path).lists[0].generate == 1


def test_traffic_that_is_no_traffic_of_the_api_is_passed_over(tmp_path: Path) -> None:
    recording = Recording("http://deployment.test", secret=b"s")
    for number, body in enumerate(
        [b"", b"[]", b"{", b'{"used": "x"}', b"\xff\xfe", b'{"contacts": 3}'], 1
    ):
        recording.passed(exchange(number, target=QUOTA, key="k", response=body))
        recording.passed(exchange(number + 10, target=listed("l"), key="k", response=body))
    recording.passed(exchange(30, target="/elsewhere", key="k"))
    recording.passed(exchange(31, response=None, failure="reset", key="k"))

    [path] = recording.write(tmp_path / "mine.yaml")

    assert re.search("No response told the quota", path.read_text(encoding="utf-8"))


def test_uploads_beyond_the_bound_are_told_and_not_in_the_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginning, "MOST_BYTES", 60_000)
    recording = Recording("http://deployment.test", secret=b"secret")
    with Deployment(recording) as one:
        one.upload(NEW_LIST, listId="list_crm_migration")
        one.upload(EXPORT, listId="list_crm_migration")
        one.quota()

    written = recording.write(tmp_path / "mine.yaml")

    assert [path.name for path in written] == ["mine.yaml", "mine-01.vcf"]
    assert recording.notes[1].startswith("1 upload not in the try lines: ")
    assert "used: 0" in written[0].read_text(encoding="utf-8")


def test_a_hundred_uploads_are_in_the_order_of_their_names_and_their_try_lines_work(
    tmp_path: Path,
) -> None:
    recording = Recording("http://deployment.test", secret=b"secret")
    with Deployment(recording) as one:
        for number in range(105):
            person = f"FN:Person {number}\r\nTEL:+39347{number:07}\r\n" * (1 + number % 2)
            one.upload(
                f"BEGIN:VCARD\r\nVERSION:3.0\r\n{person}END:VCARD\r\n".encode(),
                listName=f"L{number}",
            )
    path = tmp_path / "mine.yaml"
    recording.write(path)

    files = sorted((tmp_path / "files").iterdir())
    commands = load_scenario(path).try_lines
    assert [each.name for each in files] == [f"mine-{number:03}.vcf" for number in range(1, 106)]
    assert re.findall(r"mine-\d+\.vcf", commands) == [each.name for each in files]
    assert recording.notes == [_what_is_kept(keep_data=False)]
