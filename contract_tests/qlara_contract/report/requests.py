"""How a report shows the requests of a run: as they were sent, with its large uploads beside it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from qlara_contract.curl import CurlStyle
from qlara_contract.masking import mask
from qlara_contract.script import script

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qlara_contract.exchange import ApiExchange
    from qlara_contract.results import Evidence
    from qlara_contract.settings import RunSettings

_FOLDER = "files"


@dataclass
class ShownRequests:
    """The requests of one run. ``files`` are the uploads that are kept, by their path in the report."""

    settings: RunSettings
    keeps_files: bool = False
    files: dict[str, bytes] = field(default_factory=dict)

    def script(self, evidence: Evidence) -> str:
        """Return the lines for a shell that repeat what was seen; empty if no one request shows it."""
        return script(evidence, self.curl)

    def curl(self, exchange: ApiExchange, variables: Mapping[str, str] | None = None) -> str:
        """Return a request as lines for a shell; it names the options of the run that curl needs too."""
        keep = self._keep if self.keeps_files else None
        options = self._options(exchange)
        style = CurlStyle(self.settings.placeholders, options, keep, variables or {})
        return self.masked(exchange.curl(style))

    def response(self, exchange: ApiExchange) -> str:
        """Return a response for people."""
        return self.masked(exchange.shown_response())

    def masked(self, text: str) -> str:
        """Return *text* without any secret of the run."""
        return mask(text, self.settings.placeholders)

    def _options(self, exchange: ApiExchange) -> tuple[str, ...]:
        settings = self.settings
        names = {name.lower() for name, _ in exchange.request.headers}
        options = []
        if settings.credentials and "authorization" not in names:
            options.append("--user YOUR_USER:YOUR_PASSWORD")
        if settings.proxy and not settings.is_loopback:
            options.append(f"--proxy {shlex.quote(settings.proxy)}")
        for option, path in (
            ("--cacert", settings.ca_file),
            ("--cert", settings.client_certificate),
        ):
            if path:
                options.append(f"{option} {shlex.quote(path)}")
        return (*options, *(["--insecure"] if settings.insecure else []))

    def _keep(self, content: bytes) -> str:
        path = f"{_FOLDER}/upload-{sha256(content).hexdigest()[:12]}.vcf"
        self.files[path] = content
        return path
