"""Puts the proxy between the suite and a deployment, so that the judge sees what it would see in earnest."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from qlara_proxy.forwarding.target import target_of
from qlara_proxy.running import Proxy, ProxySettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_proxy.traffic import Watcher


@contextmanager
def watched_by(watcher: Watcher, url: str) -> Iterator[str]:
    """Pass on to *url* what is sent to the URL that this yields; *watcher* has seen all of it afterwards."""
    proxy, is_ready = Proxy(ProxySettings(target_of(url), (watcher,))), Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = Thread(target=proxy.run, args=(listener, is_ready.set))
        running.start()
        is_ready.wait()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            proxy.stop()
            running.join()
