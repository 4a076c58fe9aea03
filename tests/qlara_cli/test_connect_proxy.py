"""The CONNECT proxy of a sandbox shell: the documented host to the sandbox, all others untouched."""

from __future__ import annotations

import asyncio
import socket

from qlara_cli.shell.connect_proxy import ConnectProxy


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with what comes first, under the name of the port."""
    port = writer.get_extra_info("sockname")[1]
    writer.write(f"{port}:".encode() + await reader.read(1024))
    writer.close()


async def _asked(port: int, *pieces: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    for piece in pieces:
        writer.write(piece.encode())
        answer += await reader.readuntil(b"\r\n\r\n") if piece.endswith("\r\n\r\n") else b""
    answer += await reader.read()
    writer.close()
    return answer.decode()


async def _through(pieces: list[str], upstream: str = "") -> tuple[str, int, int]:
    """Return what a client gets, and the ports of the sandbox and of another server."""
    sandbox = await asyncio.start_server(_echo, "127.0.0.1", 0)
    other = await asyncio.start_server(_echo, "127.0.0.1", 0)
    ports = [server.sockets[0].getsockname()[1] for server in (sandbox, other)]
    told = upstream.format(other=ports[1])
    proxy = await ConnectProxy(["lora-api.agiletelecom.com"], ports[0], told).listen()
    filled = [piece.format(other=ports[1]) for piece in pieces]
    answer = await _asked(proxy.sockets[0].getsockname()[1], *filled)
    for server in (sandbox, other, proxy):
        server.close()
    return answer, ports[0], ports[1]


ESTABLISHED = "HTTP/1.1 200 Connection established\r\n\r\n"


def test_the_documented_host_leads_to_the_sandbox() -> None:
    asked = ["CONNECT LORA-api.agiletelecom.com:443 HTTP/1.1\r\n\r\n", "hello"]
    answer, sandbox, _ = asyncio.run(_through(asked))

    assert answer == f"{ESTABLISHED}{sandbox}:hello"


def test_another_host_is_passed_on_to_where_it_is() -> None:
    asked = ["CONNECT 127.0.0.1:{other} HTTP/1.1\r\nHost: x\r\n\r\n", "hello"]
    answer, _, other = asyncio.run(_through(asked))

    assert answer == f"{ESTABLISHED}{other}:hello"


def test_another_host_goes_through_the_users_own_proxy_if_there_is_one() -> None:
    asked = ["CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n"]
    answer, _, other = asyncio.run(_through(asked, "http://127.0.0.1:{other}"))

    assert answer == f"{other}:{asked[0]}"


def test_the_users_own_proxy_is_told_who_asks() -> None:
    asked = ["CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n"]
    answer, *_ = asyncio.run(_through(asked, "http://ada:p%40ss@127.0.0.1:{other}"))

    assert "\r\nProxy-Authorization: Basic YWRhOnBAc3M=\r\n\r\n" in answer


def test_what_is_no_connect_is_refused() -> None:
    answer, *_ = asyncio.run(_through(["GET http://example.com/ HTTP/1.1\r\n\r\n"]))

    assert answer == "HTTP/1.1 405 Method Not Allowed\r\nAllow: CONNECT\r\n\r\n"


def test_a_host_that_does_not_answer_is_a_bad_gateway() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        answer, *_ = asyncio.run(_through([f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n"]))

    assert answer.startswith("HTTP/1.1 502 Bad Gateway\r\n")
