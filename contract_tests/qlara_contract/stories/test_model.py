"""Generated files against the oracle: report, list and quota follow from what a file holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.conventions import USUAL
from qlara_contract.stories.expectations import expect_counts, expect_errors
from qlara_contract.story import TAG, exercises, known_part
from qlara_contract.strategies import draw_file

if TYPE_CHECKING:
    from qlara_contract.oracle import ExpectedReport
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.story import ReceivedReport, Story
    from qlara_contract.strategies import VCardFile

_CARDS = 6
_TAGS = ("crm-import,q2-2026", "a,b,c")
_IN_FILE: dict[str, PromiseId] = {
    "SKIP": "duplicates.in-file-skip",
    "UPDATE": "duplicates.in-file-update",
    "DUPLICATE": "duplicates.in-file-copy",
}
_OF_STRATEGIES = {"update": "UPDATE", "copy": "DUPLICATE"}
_ASSUMED: dict[str, tuple[PromiseId, ...]] = {
    "UPDATE": (
        "duplicates.update-counts",
        "duplicates.update-joins-the-list",
        "duplicates.update-keeps-tags",
        "duplicates.update-never-blanks",
        "upload.summary-adds-up-otherwise",
        "upload.summary-skipped-otherwise",
    ),
    "DUPLICATE": (
        "duplicates.copy-counts",
        "upload.summary-adds-up-otherwise",
        "upload.summary-skipped-otherwise",
    ),
}


@exercises(
    "upload.summary-total",
    "upload.summary-imported",
    "upload.summary-duplicates",
    "upload.summary-errors",
    "upload.summary-adds-up",
    "upload.summary-skipped",
    "upload.errors-listed",
    "upload.error-line",
    "upload.error-line-exact",
    "upload.error-name",
    "upload.error-wording",
    "list.contact-as-imported",
    "list.order",
    "quota.moves-by-what-was-created",
    creates=_CARDS,
)
def test_generated_files_do_what_the_oracle_says(story: Story) -> None:
    for at in range(story.settings.depth.model_files):
        if story.run.writes_left < _CARDS + 1:
            break
        _import_one(story, at)


def _strategies(story: Story) -> list[str]:
    """Return the strategies whose outcome is known: none of which decides an assumed thing otherwise."""
    actual = story.actual
    if story.expected.duplicates_strategy == "update":
        return ["UPDATE"]
    usual = USUAL.values()
    otherwise = {
        name.partition(".")[0] for name, value in actual.values().items() if value != usual[name]
    }
    left_out = {_OF_STRATEGIES[each] for each in otherwise & _OF_STRATEGIES.keys()}
    return ["SKIP"] + [
        strategy
        for strategy, assumed in _ASSUMED.items()
        if not story.run.differs(*assumed) and strategy not in left_out
    ]


def _import_one(story: Story, at: int) -> None:
    """Import one generated file and compare report, list and quota with the oracle."""
    strategy = story.random.choice(_strategies(story))
    tags = f"{story.random.choice(_TAGS)},{TAG}"
    story.run.numbers.reserve(_CARDS)
    known = story.run.account.single() if story.actual.duplicates_scope == "account" else []
    file = draw_file(
        story.random,
        story.run.numbers.take,
        known,
        cards=_CARDS,
        repeats=not story.run.differs(_IN_FILE[strategy])
        and story.actual.duplicates_repeated == "duplicate",
        line_feeds=not story.run.differs("cards.line-ends"),
    )
    used, _, _ = story.quota()
    key = f"{story.name} {at}"
    expected = story.run.account.import_cards(
        file.cards, key, strategy, [each.strip() for each in tags.split(",")]
    )
    report = story.upload(file.text, strategy=strategy, tags=tags)
    _expect_report(story, report, expected, strategy)
    joins = story.actual.skip_list == "joined"
    if strategy == "SKIP" and (joins or story.run.differs("duplicates.skip-leaves-the-lists")):
        return
    page = story.read(report.list_id)
    shown = [known_part(each) for each in story.run.account.shown(key)]
    got = [known_part(each) for each in page.contacts]
    if (
        story.expect(
            "list.contact-as-imported",
            sorted(got, key=repr),
            sorted(shown, key=repr),
            page.exchange,
            f"The list does not hold what the file imported with {strategy}.",
        )
        and story.actual.order == "import"
    ):
        story.expect(
            "list.order", got, shown, page.exchange, "The contacts are not in import order."
        )
    now, _, exchange = story.quota()
    story.expect(
        "quota.moves-by-what-was-created",
        now - used,
        expected.created,
        exchange,
        f"`used` changed by the wrong amount after a generated file with {strategy}:\n{_shown(file)}",
    )


def _expect_report(
    story: Story, report: ReceivedReport, expected: ExpectedReport, strategy: str
) -> None:
    counts = expected.summary
    del counts["skipped"]  # checked on every report
    expect_counts(story, report, counts, f"a generated file with {strategy}")
    expect_errors(story, report, expected)


def _shown(file: VCardFile) -> str:
    return file.text.replace("\r\n", "\n")
