"""What the targets that read files share: a folder, and a watch on what the product reaches for."""

from __future__ import annotations

import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import qlara_sandbox
from reliability.target import InvariantBroken

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORBIDDEN = ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.exec")
_ROOT = Path(__file__).parents[2]


class Watch:
    """Sees which files are opened, and whether anything calls out, while a block runs."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
        self._watching = False
        self._reached: list[str] = []
        product = Path(qlara_sandbox.__file__).parents[2]
        zones = ("/usr/share/zoneinfo", "/usr/lib/python", "/usr/local/lib/python")
        places = (self.folder, _ROOT, product, sys.prefix, sys.base_prefix, *zones)
        self._allowed = tuple(str(place) for place in places)
        sys.addaudithook(self._heard)  # there is no way to take one off again

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch until the block ends.

        Raises:
            InvariantBroken: the block reached for something outside.
        """
        self._reached.clear()
        self._watching = True
        try:
            yield
        finally:
            self._watching = False
        if self._reached:
            raise InvariantBroken("nothing outside is reached for", self._reached[0])

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._watching:
            return
        if event.startswith(_FORBIDDEN):
            self._reached.append(f"{event} {arguments!r:.200}")
        elif event == "open" and isinstance(arguments[0], str | bytes):
            path = Path(str(arguments[0])).resolve()
            if not str(path).startswith(self._allowed):
                self._reached.append(f"open {path}")
