"""A request gives back what it holds, whatever happens to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qlara_sandbox.http.multipart import UploadForm
from qlara_sandbox.state.worlds import WorldKey
from qlara_sandbox.web.context import RequestContext
from qlara_sandbox.web.runtime import Runtime, SandboxSettings

if TYPE_CHECKING:
    from starlette.types import Message


class OnAFullDisk(UploadForm):
    def close(self) -> None:
        super().close()
        raise OSError(28, "No space left on device")


async def nothing() -> Message:
    return {"type": "http.disconnect"}


def test_a_world_can_be_evicted_again_also_where_the_file_of_a_request_cannot_be_closed() -> None:
    runtime = Runtime(SandboxSettings())
    upload = runtime.contract.by_id["uploadVCard"]
    assert upload.form is not None
    entry = runtime.worlds.get_or_create(WorldKey("sandbox_a", "default", "default"), 0.0)
    headers = [(b"content-type", b"multipart/form-data; boundary=b")]
    scope = {"type": "http", "method": "POST", "headers": headers}
    context = RequestContext(runtime, runtime.contract, "req_1", scope, nothing)
    context.form = OnAFullDisk(upload.form, 1024, context.headers)
    context.use(entry, writes=True)

    with pytest.raises(OSError, match="No space left"):
        context.release()
    assert entry.in_use == 0
