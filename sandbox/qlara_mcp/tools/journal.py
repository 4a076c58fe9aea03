"""The journal: what the code under test has sent, what came back, and why a request was refused."""

from __future__ import annotations

import json
from typing import Annotated, Any

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from qlara_mcp.agent_tool import agent_tool
from qlara_mcp.arguments import ApiKey, Like, Limit, Session
from qlara_mcp.bounds import cut_all, page_of
from qlara_mcp.contract_parts import documented_response
from qlara_mcp.sandbox_client import SandboxClient, fields_at_fault
from qlara_mcp.toolkit import ToolContext, toolkit_of

_REFUSED = 400
_MOST_ITEMS = 150
RequestId = Annotated[
    str,
    Like("req_[0-9]{1,18}", "an id like req_00000001"),
    Field(description="The X-Request-Id of the response."),
]


class JournalRow(BaseModel):
    id: str
    at: str
    method: str
    path: str
    operation: str | None
    status: int = Field(description="0: no response was sent.")
    apiKey: str | None = Field(description="Masked.")
    session: str | None
    scenario: str | None
    milliseconds: float
    faults: list[str] = Field(description="Ordered faults that the request met.")


class JournalPage(BaseModel):
    total: int = Field(description="Requests that are like this, on all pages.")
    page: int
    dropped: int = Field(description="Requests that the journal no longer has.")
    requests: list[JournalRow] = Field(description="Newest first.")


class MetContract(BaseModel):
    percent: float = Field(description="Of the items of the contract, rounded down.")
    met: int
    total: int
    requests: int = Field(description="Requests to operations of the API, since counting began.")
    since: str
    neverMet: dict[str, list[str]] = Field(description="By kind: operation, status, field, value …")
    undocumented: list[str] = Field(description="Outcomes that the contract says nothing of.")
    leftOut: int = Field(description="Items that are not shown here.")


class JournalExchange(BaseModel):
    exchange: dict[str, Any] = Field(description="Request and response, keys masked, bodies cut.")


class ExplainedRefusal(BaseModel):
    requestId: str
    operation: str | None
    status: int = Field(description="0: no response was sent.")
    reasons: dict[str, str] = Field(description="The fields at fault, with messages.")
    orderedFaults: list[str] = Field(description="Faults that were ordered: not the code's fault.")
    scenario: str | None
    scenarioStory: str | None = Field(description="Why an account in this scenario is refused.")
    documented: str | None = Field(description="What the contract says of this status.")
    source: str | None = Field(description="Where that comes from: UC-020, or an assumption.")
    help: str | None = Field(description="A page that explains the status.")
    sent: dict[str, Any] = Field(description="What was sent: path, query, fields of the form.")


@agent_tool("List requests", reads_only=True)
async def list_requests(
    context: ToolContext,
    apiKey: Annotated[
        ApiKey | None, Field(description="Only requests with this key; all keys without it.")
    ] = None,
    session: Annotated[Session | None, Field(description="Only of this session.")] = None,
    operation: Annotated[
        str | None, Field(min_length=1, max_length=200, description="Only this operationId.")
    ] = None,
    status: Annotated[
        Annotated[str, Field(max_length=200)] | int | None,
        Field(description="Only this status, or class of them: 409, 4xx."),
    ] = None,
    since: Annotated[
        str | None,
        Field(max_length=200, description="Only after this request id, or from this moment on."),
    ] = None,
    page: Annotated[int, Field(ge=1, le=10, description="Which page, counted from 1.")] = 1,
    limit: Limit = 20,
) -> JournalPage:
    """List the last requests that the sandbox has got, newest first: which calls the code under test
    has made, and what came back. Narrow the list by key, session, operation, status or time.
    """
    found = await toolkit_of(context).sandbox.control(
        "GET",
        "requests",
        apiKey=apiKey,
        session=session,
        operation=operation,
        status=None if status is None else str(status),
        since=since,
        limit=page * limit,
    )
    return JournalPage(
        total=found["total"],
        page=page,
        dropped=found["dropped"],
        requests=[_row(each) for each in page_of(found["requests"], page, limit)],
    )


@agent_tool("Show a request", reads_only=True)
async def get_request(context: ToolContext, requestId: RequestId) -> JournalExchange:
    """Show one request and its response: headers, fields of the form, and the beginning of each body.
    Keys are masked.
    """
    entry = await toolkit_of(context).sandbox.control("GET", f"requests/{requestId}")
    return JournalExchange(exchange=cut_all(_renamed(entry)))


@agent_tool("Explain a refusal", reads_only=True)
async def explain_refusal(
    context: ToolContext,
    requestId: Annotated[
        RequestId | None, Field(description="Which request; without it, the last refused one.")
    ] = None,
    apiKey: Annotated[
        ApiKey | None, Field(description="The last refused one of this key; of any without it.")
    ] = None,
) -> ExplainedRefusal:
    """Say why a request was refused, or got no response: the fields at fault, what the contract says of
    the status, and whether a scenario or an ordered fault has caused it.
    """
    sandbox = toolkit_of(context).sandbox
    entry = await _refused_entry(sandbox, requestId, apiKey)
    response = entry["answer"] or {"status": 0, "body": "", "headers": {}}
    operation, status = entry["operation"], response["status"]
    documented = documented_response(await sandbox.contract(), operation, status)
    request = entry["request"]
    return ExplainedRefusal(
        requestId=entry["id"],
        operation=operation,
        status=status,
        reasons=cut_all(_reasons(response), 500),
        orderedFaults=entry["faults"],
        scenario=entry["scenario"],
        scenarioStory=await _story(sandbox, entry["scenario"]),
        documented=documented.get("description"),
        source=documented.get("source"),
        help=f"{sandbox.base_url}/__docs#errors-{status}" if documented else None,
        sent=cut_all({name: request[name] for name in _SENT if name in request}, 500),
    )


@agent_tool("Show what was met", reads_only=True)
async def get_coverage(
    context: ToolContext,
    apiKey: Annotated[
        ApiKey | None,
        Field(description="Only what requests with this key met; all keys without it."),
    ] = None,
    session: Annotated[Session | None, Field(description="Only of this session.")] = None,
) -> MetContract:
    """Show what of the contract the code under test has met, and what never: operations, statuses,
    fields, values, errors and scenarios. What was never met has not been tried.
    """
    sandbox = toolkit_of(context).sandbox
    found = await sandbox.control("GET", "coverage", apiKey=apiKey, session=session)
    missed = [each for each in found["items"] if not each["requests"]]
    shown: dict[str, list[str]] = {}
    for each in missed[:_MOST_ITEMS]:
        names = [each["operation"], each["name"]]
        shown.setdefault(each["kind"], []).append(" ".join(dict.fromkeys(filter(None, names))))
    outcomes = [f"{each['operation']} {each['outcome']}" for each in found["undocumented"]]
    return MetContract.model_validate(
        cut_all(
            {
                **{name: found[name] for name in ("percent", "met", "total", "requests", "since")},
                "neverMet": shown,
                "undocumented": outcomes[:_MOST_ITEMS],
                "leftOut": max(0, len(missed) - _MOST_ITEMS) + max(0, len(outcomes) - _MOST_ITEMS),
            },
            300,
        )
    )


_SENT = ("method", "path", "query", "form", "body")


async def _refused_entry(
    sandbox: SandboxClient, request_id: str | None, api_key: str | None
) -> dict[str, Any]:
    if request_id is not None:
        entry: dict[str, Any] = await sandbox.control("GET", f"requests/{request_id}")
        answer = entry["answer"]
        if answer is not None and answer["status"] < _REFUSED:
            raise ToolError(
                f"Request {request_id} was not refused: its status is {answer['status']}."
            )
        return entry
    found = [
        entry
        for status in ("4xx", "5xx", "0")
        for entry in (
            await sandbox.control("GET", "requests", status=status, apiKey=api_key, limit=1)
        )["requests"]
    ]
    if not found:
        whose = "no request of this key" if api_key else "no request"
        raise ToolError(f"The journal has {whose} that was refused.")
    return max(found, key=lambda each: int(each["id"].removeprefix("req_")))


def _reasons(response: dict[str, Any]) -> dict[str, str]:
    if not response["status"]:
        return {"connection": "It ended without a response."}
    try:
        reasons = fields_at_fault(json.loads(response["body"]))
    except ValueError:
        reasons = {}
    return reasons or {"response": response["body"]}


async def _story(sandbox: SandboxClient, name: str | None) -> str | None:
    listed = await sandbox.control("GET", "scenarios")
    return next((each.get("story") for each in listed["scenarios"] if each["name"] == name), None)


def _row(entry: dict[str, Any]) -> JournalRow:
    request, answer = entry["request"], entry["answer"]
    return JournalRow.model_validate(
        cut_all(
            {
                **{name: entry[name] for name in JournalRow.model_fields if name in entry},
                "method": request["method"],
                "path": request["path"],
                "status": answer["status"] if answer else 0,
            },
            300,
        )
    )


def _renamed(entry: dict[str, Any]) -> dict[str, Any]:
    return {("response" if name == "answer" else name): each for name, each in entry.items()}
