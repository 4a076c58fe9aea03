"""The connection to Redis or Valkey: commands of all requests in few round trips, scripts, and what fails, in one error.

What several requests send at the same time goes out together. Commands are read in their order; each group of them is
answered as a whole.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
import ssl
from collections import deque
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import redis.asyncio as redis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import (
    AuthenticationError,
    ConnectionError as NoConnection,
    NoScriptError,
    RedisClusterException,
    RedisError,
    ResponseError,
)

from qlara_sandbox.domain.errors import StateUnavailable
from qlara_sandbox.store.errors import UnusableEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qlara_sandbox.store.scripts import Command, Script

log = logging.getLogger("qlara_sandbox.store")

_SECONDS = 3.0  # within which the engine must respond
_START_SECONDS = 10.0  # within which it must have done all that the start needs
_MOST_AT_ONCE = 128
_OLDEST = (7, 0)
_PAUSE_SECONDS = 0.5
_QUIET_SECONDS = 60.0  # after which the log tells once more what the engine does
_CREDENTIALS = ("username", "password")
_NO_NODE = "?"
_PLAIN_SCHEMES = {"valkey": "redis", "valkeys": "rediss"}


class _Group(NamedTuple):
    """Commands, and all who wait for their replies."""

    commands: Sequence[Command]
    futures: list[asyncio.Future[list[Any]]]


class _Lane:
    """What waits for one node: groups of commands; those that are alike go out once for all who wait for them."""

    def __init__(self) -> None:
        self.waiting: deque[_Group] = deque()
        self.alike: dict[Command, _Group] = {}
        self.task: asyncio.Task[None] | None = None


class Engine:
    """A Redis or Valkey server, or a cluster of them, named by its URL."""

    def __init__(self, url: str, scripts: Sequence[Script] = ()) -> None:
        """Connect later, with the first command."""
        self.address = without_password(url)
        self._url = url
        self._scripts = scripts
        self._texts: dict[bytes | str | int, str] = {one.digest: one.text for one in scripts}
        self._lanes: dict[str, _Lane] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told: dict[str, float] = {}
        self.is_cluster = urlsplit(url).scheme.endswith("+cluster")

    @cached_property
    def _plain_url(self) -> str:
        scheme = urlsplit(self._url).scheme
        plain = scheme.removesuffix("+cluster")
        return self._url.replace(scheme, _PLAIN_SCHEMES.get(plain, plain), 1)

    @cached_property
    def _client(self) -> redis.Redis | RedisCluster:
        options: dict[str, Any] = {
            "socket_timeout": _SECONDS,
            "socket_connect_timeout": _SECONDS,
            "client_name": "qlara-sandbox",
        }
        if self.is_cluster:
            return RedisCluster.from_url(self._plain_url, **options)
        # What is sent again is decided here, where it is known what may be done twice.
        options["retry"] = Retry(NoBackoff(), 0)
        return redis.Redis.from_url(self._plain_url, max_connections=64, **options)

    async def send(self, *commands: Command, lane: str = "", is_read: bool = False) -> list[Any]:
        """Send commands and return their replies.

        They go to one node, which the key of the first decides. A command that *is_read* may go out once for several
        who send it at the same time. What takes long goes in a *lane* of its own, and
        does not hold up the others.

        Raises:
            StateUnavailable: the engine does not respond, or not in time; whether it has done it is not known.
        """
        loop = self._use_running_loop()
        future: asyncio.Future[list[Any]] = loop.create_future()
        name = lane or (self._node(commands[0]) if self.is_cluster else "")
        found = self._lanes.get(name)
        if found is None:
            found = self._lanes[name] = _Lane()
        alike = found.alike.get(commands[0]) if is_read else None
        if alike is not None:
            # Not sent yet: what it reads is as new as if it were read for this request.
            alike.futures.append(future)
            return await future
        group = _Group(commands, [future])
        found.waiting.append(group)
        if is_read:
            found.alike[commands[0]] = group
        if found.task is None or found.task.done():
            found.task = asyncio.create_task(self._work(found))
        return await future

    async def send_each(self, commands: Sequence[Command]) -> list[Any]:
        """Send commands whose keys may be on different nodes, and return the reply to each.

        Raises:
            StateUnavailable: the engine, or one of the nodes, does not respond.
        """
        if not self.is_cluster:
            return await self.send(*commands) if commands else []
        replies = await asyncio.gather(*map(self.send, commands))
        return [reply for (reply,) in replies]

    def _use_running_loop(self) -> asyncio.AbstractEventLoop:
        """Return the event loop, to which connections belong: with another one, others are made."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._lanes = loop, {}
            self.__dict__.pop("_client", None)
        return loop

    async def prepare(self) -> None:
        """See that the engine is there, and can do what is needed.

        Raises:
            UnusableEngine: it refuses the user or the password, or is none.
            StateUnavailable: it does not respond.
        """
        self._use_running_loop()
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._load_scripts()
                version = await self._version()
        except AuthenticationError as error:
            raise UnusableEngine(f"{self.address} refuses the user or password: {error}") from error
        except ResponseError as error:
            raise UnusableEngine(f"{self.address} cannot be used: {error}") from error
        except (RedisError, OSError, TimeoutError, ssl.SSLError) as error:
            raise StateUnavailable(self.address) from error
        if version and version < _OLDEST:
            has = ".".join(map(str, version))
            raise UnusableEngine(
                f"{self.address} is Redis {has}: Redis {_OLDEST[0]} or later, or Valkey, is needed."
            )

    async def _version(self) -> tuple[int, ...]:
        """Return the version of Redis that it, or the oldest node, says it is like; empty if it does not say."""
        try:
            info = await self._client.info("server")
        except ResponseError:  # not everybody may ask
            return ()
        nodes = info.values() if self.is_cluster and "redis_version" not in info else [info]
        found = [re.match(r"(\d+)\.(\d+)", str(node.get("redis_version", ""))) for node in nodes]
        return min((tuple(map(int, one.groups())) for one in found if one), default=())

    def refusal(self, error: StateUnavailable) -> StateUnavailable | UnusableEngine:
        """Return what stands in the way of a start, in place of *error*: an engine that responds, but refuses, goes on to do so."""
        if isinstance(error.__cause__, ResponseError):
            return UnusableEngine(f"{self.address} cannot be used: {error.__cause__}")
        return error

    async def connect(self) -> None:
        """Connect, which takes several replies of an engine and so longer than a request waits for one.

        Raises:
            StateUnavailable: it does not respond, or not in time.
        """
        self._use_running_loop()
        client = self._client
        try:
            async with asyncio.timeout(_START_SECONDS):
                # Of a cluster, a node may be gone.
                await (client.initialize() if isinstance(client, RedisCluster) else client.ping())
        except ResponseError:  # not everybody may ask, but it is there
            return
        except (RedisError, OSError, TimeoutError, ssl.SSLError) as error:
            raise StateUnavailable(self.address) from error

    async def close(self) -> None:
        """Close the connections."""
        if "_client" in self.__dict__:
            await self._client.aclose()

    async def listen(
        self, channel: str, take: Callable[[bytes], None], ready: Callable[[], None]
    ) -> None:
        """Give *take* all that is published on a channel, for ever; *ready* is called whenever listening begins."""
        while True:
            try:
                async with self._plain_client() as client, client.pubsub() as subscription:
                    await subscription.subscribe(channel)
                    async for message in subscription.listen():
                        if message["type"] == "subscribe":
                            ready()
                        elif message["type"] == "message":
                            take(message["data"])
            except (RedisError, OSError, TimeoutError) as error:
                self._tell(error)
                await asyncio.sleep(_PAUSE_SECONDS)

    def _plain_client(self) -> redis.Redis:
        """Return a client of one server: of a cluster, any node hears what is published on another."""
        client = self._client
        options: dict[str, Any] = {"socket_connect_timeout": _SECONDS, "health_check_interval": 5}
        if isinstance(client, RedisCluster):
            known = client.get_primaries()
            if known:
                node = random.choice(known)  # noqa: S311 - no secret
                options |= {"host": node.host, "port": int(node.port)}
                options |= {name: client.connection_kwargs.get(name) for name in _CREDENTIALS}
                return redis.Redis(**options)
        return redis.Redis.from_url(self._plain_url, **options)

    def _node(self, command: Command) -> str:
        client = self._client
        assert isinstance(client, RedisCluster), "as the URL says"
        key = command[3] if command[0] == "EVALSHA" else command[1]
        try:
            node = client.nodes_manager.get_node_from_slot(key_slot(str(key).encode()))
        except (RedisClusterException, LookupError):
            # Not connected yet, or a part of the cluster is gone.
            return _NO_NODE
        return str(node.name)

    async def _work(self, lane: _Lane) -> None:
        while lane.waiting:
            count = min(len(lane.waiting), _MOST_AT_ONCE)
            batch = [lane.waiting.popleft() for _ in range(count)]
            lane.alike.clear()
            try:
                replies = await self._replies([one for group in batch for one in group.commands])
            except Exception as error:
                if not isinstance(error, (RedisError, OSError, TimeoutError)):
                    log.exception("the client of the engine failed", exc_info=error)
                if isinstance(error, TimeoutError):
                    # Those that came meanwhile have waited, too: nobody waits twice as long.
                    batch += lane.waiting
                    lane.waiting.clear()
                    lane.alike.clear()
                replies = [error for group in batch for _ in group.commands]
            rest = iter(replies)
            for group in batch:
                found = [next(rest) for _ in group.commands]
                for future in group.futures:
                    self._resolve(future, found)

    def _resolve(self, future: asyncio.Future[list[Any]], replies: list[Any]) -> None:
        if future.done():  # nobody waits any more
            return
        error = next((one for one in replies if isinstance(one, Exception)), None)
        if error is None:
            future.set_result(replies)
            return
        self._tell(error)
        unavailable = StateUnavailable(self.address)
        unavailable.__cause__ = error
        future.set_exception(unavailable)

    def _tell(self, error: Exception) -> None:
        """Tell in the log why requests get a 503: each kind of error at most once a minute."""
        kind, now = type(error).__name__, monotonic()
        if now - self._told.get(kind, -_QUIET_SECONDS) < _QUIET_SECONDS:
            return
        self._told[kind] = now
        does = "refuses" if isinstance(error, ResponseError) else "does not respond"
        log.warning("the engine %s %s: %s", self.address, does, str(error) or "not in time")

    async def _replies(self, commands: Sequence[Command]) -> list[Any]:
        async with asyncio.timeout(_SECONDS):
            try:
                replies = await self._pass(commands)
            except NoConnection:  # one that was idle may have been closed: a new one tells more
                replies = await self._pass(commands)
            again = [at for at, one in enumerate(replies) if isinstance(one, NoScriptError)]
            if again:  # the engine has restarted, or the key has moved to another node
                texts = [self._with_text(commands[at]) for at in again]
                for at, reply in zip(again, await self._pass(texts), strict=True):
                    replies[at] = reply
            return replies

    def _with_text(self, command: Command) -> Command:
        """Return the command that runs a script with the text of the script, which the engine keeps then."""
        return ("EVAL", self._texts[command[1]], *command[2:])

    async def _pass(self, commands: Sequence[Command]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        replies: list[Any] = await pipeline.execute(raise_on_error=False)
        return replies

    async def _load_scripts(self) -> None:
        client = self._client
        if isinstance(client, RedisCluster):  # each of its nodes loads them
            await asyncio.gather(*(client.script_load(one.text) for one in self._scripts))
            return
        pipeline = client.pipeline(transaction=False)
        for script in self._scripts:
            pipeline.script_load(script.text)
        await pipeline.execute()


def pairs(found: Any) -> list[tuple[bytes, bytes]]:
    """Return the fields and values of a hash, which the clients of a server and of a cluster give in two forms."""
    if isinstance(found, dict):
        return list(found.items())
    return list(zip(found[::2], found[1::2], strict=True))


def without_password(url: str) -> str:
    """Return the URL of an engine as it may be shown."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return urlunsplit(parts._replace(query=""))
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"…@{host}", query=""))
