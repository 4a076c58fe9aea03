"""The import as a program that uses aiohttp makes it."""

import asyncio
import sys
from pathlib import Path

import aiohttp

BASE, FOLDER, KEY = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
UPLOAD = f"{BASE}/api/partner-gateway/v1/contacts/upload/vcard"
LIST = f"{BASE}/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts"


async def main() -> None:
    async with aiohttp.ClientSession() as session:

        async def upload(name: str, key: str = KEY) -> int:
            form = aiohttp.FormData()
            data = (FOLDER / name).read_bytes()
            form.add_field("file", data, filename=name, content_type="text/vcard")
            form.add_field("listId", "list_crm_migration")
            form.add_field("tags", "città,q2", content_type="text/plain; charset=iso-8859-1")
            async with session.post(UPLOAD, headers={"X-Api-Key": key}, data=form) as response:
                await response.read()
                return response.status

        async def listed() -> tuple[int, dict[str, object]]:
            async with session.get(LIST, headers={"X-Api-Key": KEY}) as response:
                return response.status, (await response.json())["contacts"][0]

        print(await upload("Rubrica Città.vcf"))
        print((await listed())[0])
        print(await upload("no-vcard.vcf"))
        print(await upload("Rubrica Città.vcf", "unknown"))
        print(await upload("Rubrica Città.vcf", f"{KEY}__quota-exhausted"))
        print(await upload("oversized.vcf"))
        status, first = await listed()
        print(status, first["name"], *first["tags"])  # type: ignore[misc]


asyncio.run(main())
