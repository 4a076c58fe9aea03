"""Leaves further attempts to urllib3, as most programs that use requests do. Right in: all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

GATEWAY = f"{os.environ['QLARA_BASE_URL']}/api/partner-gateway/v1/contacts"


def session() -> requests.Session:
    retry = Retry(
        total=5,
        backoff_factor=0.4,
        status_forcelist=[429, 502, 503, 504],
        allowed_methods=None,
        respect_retry_after_header=True,
    )
    made = requests.Session()
    made.mount("http://", HTTPAdapter(max_retries=retry))
    made.headers["X-Api-Key"] = os.environ["QLARA_API_KEY"]
    return made


def uploaded(http: requests.Session) -> dict:  # type: ignore[type-arg]
    name = os.environ["QLARA_LIST_NAME"]
    destination = {"listName": name} if name else {"listId": os.environ["QLARA_LIST_ID"]}
    response = http.post(
        f"{GATEWAY}/upload/vcard",
        files={"file": ("contacts.vcf", Path(os.environ["QLARA_FILE"]).read_bytes(), "text/vcard")},
        data={**destination, "duplicateStrategy": os.environ["QLARA_STRATEGY"]},
        timeout=30,
    )
    response.raise_for_status()
    return response.json()  # type: ignore[no-any-return]


def main() -> None:
    http = session()
    report = uploaded(http)
    page = {"hasMore": True, "page": 0}
    while page["hasMore"]:
        where = f"{GATEWAY}/list/{report['listId']}/contacts"
        response = http.get(where, params={"page": page["page"] + 1}, timeout=30)
        response.raise_for_status()
        page = response.json()
    if report["errors"]:
        sys.exit(f"{len(report['errors'])} cards were left out")


if __name__ == "__main__":
    main()
