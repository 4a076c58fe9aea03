"""A rehearsal: whether the client that an agent writes is ready."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

import anyio
import anyio.from_thread
import anyio.to_thread
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from qlara_mcp.agent_tool import agent_tool
from qlara_mcp.bounds import cut_all
from qlara_mcp.toolkit import ToolContext, toolkit_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from qlara_mcp.toolkit import Toolkit
    from qlara_rehearsal.acts import Act
    from qlara_rehearsal.judge import ActResult
    from qlara_rehearsal.program import Performer
    from qlara_rehearsal.rehearsal import Rehearsal

_LONGEST_RUN = 600
_MOST_ACTS = 10
_MOST_FINDINGS = 3
_LONGEST_TEXT = 1000
_LONGEST_END = 10  # seconds for a client that is stopped, and its sandbox


class FoundMistake(BaseModel):
    what: str
    expected: str
    exchanges: str = Field(description="What was sent, as curl lines, and what came back.")


class PlayedAct(BaseModel):
    name: str
    title: str
    verdict: str
    note: str | None = Field(description="Why it was not reached, if it was not.")
    findings: list[FoundMistake]
    why: str = Field(description="What it costs.")
    advice: str = Field(description="What to change.")
    output: str = Field(description="What the client printed last.")


class RehearsedClient(BaseModel):
    verdict: str = Field(description="The rehearsal in one sentence.")
    ready: bool = Field(description="Every act was handled.")
    seconds: float
    counts: dict[str, int] = Field(description="Acts by verdict.")
    handled: list[str] = Field(description="The acts that were handled, by name.")
    wrong: list[PlayedAct] = Field(description="Those that were not.")
    leftOut: list[str] = Field(description="Acts that were not played, by name.")


@agent_tool("Rehearse a client", goes_outside=True)
async def rehearse(
    context: ToolContext,
    command: Annotated[
        list[str],
        Field(
            min_length=1,
            max_length=100,
            description="The client's command and its arguments; {base_url}, {api_key}, {file}, {list_id}, "
            "{list_name} and {strategy} are replaced.",
        ),
    ],
    acts: Annotated[
        list[str] | None, Field(max_length=100, description="Only these acts, by name.")
    ] = None,
    strategy: Annotated[
        Literal["SKIP", "UPDATE", "DUPLICATE"] | None,
        Field(description="The duplicateStrategy that the client uses."),
    ] = None,
    seed: Annotated[
        int, Field(ge=0, le=2**31, description="The same seed makes the same files.")
    ] = 0,
    timeoutSeconds: Annotated[
        int, Field(ge=1, le=120, description="How long the client may take in one act.")
    ] = 30,
    deadlineSeconds: Annotated[
        int, Field(ge=5, le=_LONGEST_RUN, description="How long the rehearsal may take.")
    ] = 300,
) -> RehearsedClient:
    """Run a client once per act (failures, limits, hostile names), each in a fresh account of a sandbox of its
    own, and judge what it sent and what the account holds in the end. It gets QLARA_BASE_URL, QLARA_API_KEY,
    QLARA_FILE, QLARA_LIST_ID, QLARA_LIST_NAME and QLARA_STRATEGY. One rehearsal at a time.
    """
    toolkit = toolkit_of(context)
    if toolkit.commands is None:
        raise ToolError(
            "No commands are run here. Expected tools over standard input and output, without --files."
        )
    if toolkit.rehearsing.locked():
        raise ToolError("Another rehearsal is under way. Expected one at a time: wait for its end.")
    environment = toolkit.commands

    def play(one: _UnderWay) -> dict[str, Any]:
        from qlara_contract.errors import CannotRun
        from qlara_rehearsal.program import CommandClient
        from qlara_rehearsal.rehearsal import RehearsalSettings, rehearse as played

        chosen, left_out = _chosen(acts or [])
        settings = RehearsalSettings(
            acts=chosen,
            strategy=strategy or "",
            seed=seed,
            command=tuple(command),
            left_out=left_out,
            deadline=float(deadlineSeconds),
        )
        client = CommandClient(tuple(command), environment, timeout=float(timeoutSeconds))
        try:
            with one.playing(client):
                return _shown(played(settings, client, _progress(context, len(chosen))))
        except CannotRun as error:
            raise ToolError(str(error)) from None

    async with toolkit.rehearsing:
        found = await _to_the_end(play, toolkit)
    return RehearsedClient.model_validate(found)


class _UnderWay:
    """A rehearsal in a thread, which can be stopped from another one."""

    def __init__(self) -> None:
        self._client: Performer | None = None
        self._unwanted = False
        self._over = threading.Event()

    @contextmanager
    def playing(self, client: Performer) -> Iterator[None]:
        """Let *client* be stopped while it plays."""
        self._client = client
        if self._unwanted:
            client.stop()
        try:
            yield
        finally:
            self._over.set()

    def stop(self) -> None:
        """End it, and wait until it is over."""
        self._unwanted = True
        if self._client is not None:
            self._client.stop()
            self._over.wait(_LONGEST_END)


async def _to_the_end(
    play: Callable[[_UnderWay], dict[str, Any]], toolkit: Toolkit
) -> dict[str, Any]:
    """Return what *play* returns; if nobody waits for it any more, stop what it runs."""
    one = _UnderWay()
    toolkit.under_way.append(one.stop)
    try:
        return await anyio.to_thread.run_sync(play, one, abandon_on_cancel=True)
    except anyio.get_cancelled_exc_class():
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(one.stop)
        raise
    finally:
        toolkit.under_way.remove(one.stop)


def _chosen(names: list[str]) -> tuple[tuple[Act, ...], tuple[str, ...]]:
    from qlara_rehearsal.acts import SHIPPED, load_acts

    known = {each.name: each for each in load_acts([SHIPPED])}
    unknown = [each for each in names if each not in known]
    if unknown:
        message = f"acts: unknown act {unknown[0][:100]!r}. Expected {', '.join(known)}."
        raise ToolError(message)
    chosen = tuple(each for name, each in known.items() if not names or name in names)
    return chosen, tuple(name for name, each in known.items() if each not in chosen)


def _shown(rehearsal: Rehearsal) -> dict[str, Any]:
    from qlara_rehearsal.report.files import as_json

    report: Mapping[str, Any] = as_json(rehearsal)
    wrong = [each for each in report["acts"] if each["verdict"] != "handled"]
    shown: dict[str, Any] = cut_all(
        {
            "verdict": report["verdict"],
            "ready": report["ready"],
            "seconds": report["seconds"],
            "counts": report["counts"],
            "handled": [one["name"] for one in report["acts"] if one["verdict"] == "handled"],
            "wrong": [
                {**each, "findings": each["findings"][:_MOST_FINDINGS]}
                for each in wrong[:_MOST_ACTS]
            ],
            "leftOut": report["leftOut"],
        },
        _LONGEST_TEXT,
    )
    return shown


def _progress(context: ToolContext, total: int) -> Callable[[Act, ActResult | None], None]:
    """Return what tells the agent, from the thread of the rehearsal, how far it is."""
    over = 0

    def tell(act: Act, result: ActResult | None) -> None:
        nonlocal over
        over += result is not None
        anyio.from_thread.run(context.report_progress, over, total, act.title)

    return tell
