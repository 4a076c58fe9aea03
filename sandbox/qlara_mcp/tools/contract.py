"""The contract: what the API promises, and what was assumed where the documentation is silent."""

from __future__ import annotations

from typing import Annotated

import yaml
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from qlara_mcp.agent_tool import agent_tool
from qlara_mcp.arguments import Limit, Page
from qlara_mcp.bounds import page_of, pages_of
from qlara_mcp.contract_parts import only_operation, operation_ids
from qlara_mcp.toolkit import ToolContext, toolkit_of
from qlara_sandbox.web.pages.provenance import assumptions

_LONGEST_PAGE = 20_000
OperationId = Annotated[
    str | None, Field(description="An operationId, such as uploadVCard; all without it.")
]


class ContractText(BaseModel):
    text: str = Field(description="OpenAPI 3.1, as YAML.")
    page: int
    pages: int
    operations: list[str] = Field(description="The operationIds of the whole contract.")


class StatedAssumption(BaseModel):
    what: str = Field(description="The part of the contract that it decides.")
    value: str | None
    reason: str


class AssumptionList(BaseModel):
    total: int
    page: int
    assumptions: list[StatedAssumption]


@agent_tool("Read the contract", reads_only=True)
async def read_contract(
    context: ToolContext, operation: OperationId = None, page: Page = 1
) -> ContractText:
    """Read the OpenAPI contract that the sandbox serves: one operation with all that it refers to, or
    the whole, in pages. `x-qlara-source` names the origin of each part, `x-qlara-rules` what JSON Schema
    cannot say.
    """
    sandbox = toolkit_of(context).sandbox
    document = await sandbox.contract()
    known = operation_ids(document)
    if operation is None:
        text = await sandbox.page("/openapi.yaml")
    else:
        _require_known(operation, known)
        part = only_operation(document, operation)
        text = yaml.safe_dump(part, allow_unicode=True, sort_keys=False, width=110)
    pages = pages_of(text, _LONGEST_PAGE)
    if page > len(pages):
        raise ToolError(f"page: expected a page from 1 to {len(pages)}.")
    return ContractText(text=pages[page - 1], page=page, pages=len(pages), operations=known)


@agent_tool("List assumptions", reads_only=True)
async def list_assumptions(
    context: ToolContext, operation: OperationId = None, page: Page = 1, limit: Limit = 25
) -> AssumptionList:
    """List what the contract assumes where the documentation (UC-020) is silent. Another deployment may
    decide these things otherwise and break no promise: code should not rely on them.
    """
    document = await toolkit_of(context).sandbox.contract()
    found = assumptions(document)
    if operation is not None:
        _require_known(operation, operation_ids(document))
        found = [each for each in found if each.where[:1] == (operation,)]
    return AssumptionList(
        total=len(found),
        page=page,
        assumptions=[
            StatedAssumption(
                what=" ".join(each.where), value=each.value or None, reason=each.reason
            )
            for each in page_of(found, page, limit)
        ],
    )


def _require_known(operation: str, known: list[str]) -> None:
    if operation not in known:
        raise ToolError(
            f"operation: expected one of {', '.join(known)}; found {operation[:100]!r}."
        )
