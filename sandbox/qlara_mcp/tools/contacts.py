"""The API itself: import contacts, list them, and read the quota."""

from __future__ import annotations

from typing import Annotated, Any

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from qlara_mcp.agent_tool import agent_tool
from qlara_mcp.arguments import ApiKey, Limit, Session, account_headers
from qlara_mcp.bounds import cut_all
from qlara_mcp.sandbox_client import ConnectionBroken, Received, SandboxClient, refusal_of
from qlara_mcp.toolkit import ToolContext, toolkit_of

_MOST_ERRORS = 20
_LONGEST_FIELD = 300
_OK = 200
ListId = Annotated[str, Field(min_length=1, max_length=500, description="The id of a list.")]


class ApiOutcome(BaseModel):
    """What the API made of a request. A refusal is an outcome, too."""

    status: int = Field(description="0: there was no response.")
    requestId: str | None = Field(description="For get_request and explain_refusal.")
    refusal: dict[str, str] | None = Field(None, description="The fields at fault, with messages.")
    failure: str | None = Field(None, description="How the connection failed, if it did.")


class UploadOutcome(ApiOutcome):
    report: dict[str, Any] | None = Field(None, description="The import's report.")
    errorsLeftOut: int = Field(0, description="Errors of the report that are not shown here.")


class ListOutcome(ApiOutcome):
    contacts: dict[str, Any] | None = Field(None, description="The page, as the API returns it.")


class QuotaOutcome(ApiOutcome):
    quota: dict[str, Any] | None = Field(None, description="Contacts used, and allowed in total.")


@agent_tool("Upload a vCard file")
async def upload_vcard(
    context: ToolContext,
    vcard: Annotated[
        str | None, Field(description="The text of the file: BEGIN:VCARD … END:VCARD.")
    ] = None,
    path: Annotated[str | None, Field(description="Or the path of a file to upload.")] = None,
    listId: Annotated[str | None, Field(description="The id of the list to import into.")] = None,
    listName: Annotated[str | None, Field(description="Or the name of a new list.")] = None,
    duplicateStrategy: Annotated[
        str | None, Field(description="What becomes of known numbers: SKIP, UPDATE or DUPLICATE.")
    ] = None,
    tags: Annotated[str | None, Field(description="Tags, separated by commas.")] = None,
    fields: Annotated[
        dict[str, str] | None, Field(max_length=50, description="Further fields of the form.")
    ] = None,
    apiKey: ApiKey = "YOUR_API_KEY",
    session: Session = "default",
) -> UploadOutcome:
    """Import contacts from a vCard file (uploadVCard): its text or its path, into a list by id or a new
    list by name. Fields are sent as they are, so that refusals can be tried. The lists of an account
    are those of its scenario; list_crm_migration is in most.
    """
    toolkit = toolkit_of(context)
    if (vcard is None) == (path is None):
        raise ToolError("Expected one of vcard (the text of the file) and path (where it is).")
    name, content = toolkit.files.read(path) if path is not None else _text_file(vcard or "")
    named = {
        "listId": listId,
        "listName": listName,
        "duplicateStrategy": duplicateStrategy,
        "tags": tags,
        **(fields or {}),
    }
    form = {
        _encodable("fields", field): _encodable(field, text)
        for field, text in named.items()
        if text is not None
    }
    outcome, value = await _outcome(
        toolkit.sandbox,
        "uploadVCard",
        apiKey,
        session,
        files={"file": (name, content, "text/vcard")},
        data=form,
    )
    if value is None:
        return UploadOutcome(**outcome)
    left_out = max(0, len(value.get("errors", ())) - _MOST_ERRORS)
    report = {**value, "errors": value.get("errors", [])[:_MOST_ERRORS]}
    return UploadOutcome(**outcome, report=cut_all(report, _LONGEST_FIELD), errorsLeftOut=left_out)


@agent_tool("List contacts", reads_only=True)
async def list_contacts(
    context: ToolContext,
    listId: ListId,
    page: Annotated[int, Field(ge=0, description="Which page, counted from 1.")] = 1,
    limit: Limit = 10,
    apiKey: ApiKey = "YOUR_API_KEY",
    session: Session = "default",
) -> ListOutcome:
    """List the contacts of a list (listContacts), one page at a time."""
    outcome, value = await _outcome(
        toolkit_of(context).sandbox,
        "listContacts",
        apiKey,
        session,
        path={"listId": _encodable("listId", listId)},
        params={"limit": limit, "page": page},
    )
    return ListOutcome(**outcome, contacts=cut_all(value, _LONGEST_FIELD))


@agent_tool("Read the quota", reads_only=True)
async def get_quota(
    context: ToolContext, apiKey: ApiKey = "YOUR_API_KEY", session: Session = "default"
) -> QuotaOutcome:
    """Read how many contacts an account holds, and how many its plan allows (getContactQuota)."""
    sandbox = toolkit_of(context).sandbox
    outcome, value = await _outcome(sandbox, "getContactQuota", apiKey, session)
    return QuotaOutcome(**outcome, quota=value)


async def _outcome(
    sandbox: SandboxClient, operation_id: str, api_key: str, session: str, **sent: Any
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return what every outcome says, and the body of the response if it is the documented one."""
    try:
        received = await sandbox.call(operation_id, account_headers(api_key, session), **sent)
    except ConnectionBroken as error:
        return {"status": 0, "requestId": None, "failure": f"No response: {error}."}, None
    said: dict[str, Any] = {"status": received.status, "requestId": received.request_id}
    if received.status == _OK and isinstance(received.value, dict):
        return said, received.value
    return {**said, "refusal": _refusal(received)}, None


def _refusal(received: Received) -> dict[str, str]:
    refusal: dict[str, str] = cut_all(refusal_of(received), _LONGEST_FIELD)
    retry_after = received.headers.get("retry-after")
    return {**refusal, "Retry-After": retry_after} if retry_after else refusal


def _text_file(text: str) -> tuple[str, bytes]:
    return "contacts.vcf", _encodable("vcard", text).encode()


def _encodable(name: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ToolError(f"{name}: expected text that UTF-8 can hold.") from error
    return text
