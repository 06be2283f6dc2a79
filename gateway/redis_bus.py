"""Live fan-out to the sockets of all gateways, through one Redis channel.

Every gateway hears everything and decodes only what one of its sockets listens to: a reader that subscribes
misses nothing from that moment on. What is lost while Redis is away is in the log: readers are told to look
again, once a second where something is new, and once more when it is back.
"""

from __future__ import annotations

import asyncio
import json
import logging

from gateway.bus import HERE_ONLY, LOOK_AGAIN, Bus, Frame, Positions
from gateway.database import StorageUnavailable
from gateway.redis_link import FAULTS, RedisAway, RedisLink

log = logging.getLogger(__name__)
CHANNEL = "nczf:bus"
ALL = "*"
"""In place of a topic: all readers of the other gateways look again."""
OUTGOING = 10_000
"""Frames that wait to be sent; beyond it the readers elsewhere look again instead."""
BATCH = 200
RETRY_S = 0.3
POLL_S = 1.0
PING_S, SILENT_S = 5.0, 12.0
"""The subscription is asked whether it lives, and counts as broken after so long without an answer."""
CHUNK = 500
"""Conversations whose positions are asked for at once."""
TALK = "conversation."


class RedisBus(Bus):
    """A `Bus` over all gateways. Readers here are served at once, those elsewhere through Redis."""

    def __init__(self, link: RedisLink, gateway_id: str) -> None:
        super().__init__()
        self._link = link
        self._id = gateway_id
        self._outgoing: asyncio.Queue[str] = asyncio.Queue(OUTGOING)
        self._dropped = False
        self._heard: dict[str, int] = {}
        self.hears = asyncio.Event()
        """Set while frames of the other gateways come in."""
        self._positions: Positions | None = None
        for work in (self._send, self._listen, self._poll):
            link.beside(work)

    def publish(self, topic: str, frame: Frame) -> None:
        """Hand `frame` to every reader of `topic` here, and send it to those elsewhere; never blocks."""
        self._deliver(topic, frame)
        if topic in HERE_ONLY:
            return
        try:
            self._outgoing.put_nowait(f"{self._id}\n{topic}\n{json.dumps(frame, ensure_ascii=False)}")
        except asyncio.QueueFull:
            self._dropped = True

    def look_in(self, positions: Positions) -> None:
        """Where to look while Redis is away; without it, nothing is looked for until it is back."""
        self._positions = positions

    def _deliver(self, topic: str, frame: Frame) -> None:
        if topic not in self._readers:
            return
        if frame["type"] == "event":
            self._heard[topic] = max(frame["seq"], self._heard.get(topic, 0))
        super().publish(topic, frame)

    def _forget(self, topic: str) -> None:
        super()._forget(topic)
        self._heard.pop(topic, None)

    def look_again(self) -> None:
        """Tell every reader here that something may have been missed."""
        for reader in {reader for readers in self._readers.values() for reader in readers}:
            reader.offer(LOOK_AGAIN)

    # ---- out

    async def _send(self) -> None:
        while True:
            batch = [await self._outgoing.get()]
            while len(batch) < BATCH and not self._outgoing.empty():
                batch.append(self._outgoing.get_nowait())
            if self._dropped:
                batch.append(f"{self._id}\n{ALL}\n")
            try:
                await self._link.ask(lambda client, batch=batch: _publish(client, batch))  # type: ignore[misc]
                self._dropped = False
            except RedisAway:
                self._dropped = True
                await asyncio.sleep(RETRY_S)
                if self._outgoing.empty():  # try again also when there is nothing more to say
                    self._outgoing.put_nowait(f"{self._id}\n{ALL}\n")

    # ---- in

    async def _listen(self) -> None:
        first = True
        while True:
            try:
                await self._hear(first)
            except FAULTS as error:
                if self.hears.is_set() or first:
                    log.error("frames of other gateways are not heard: %s", type(error).__name__)
            finally:
                self.hears.clear()
            first = False
            await asyncio.sleep(RETRY_S)

    async def _hear(self, first: bool) -> None:
        """Pass on what comes until the subscription breaks."""
        clock = asyncio.get_running_loop().time
        async with self._link.listening.pubsub() as channel:
            await channel.subscribe(CHANNEL)
            heard_at = pinged_at = clock()
            while True:
                message = await channel.get_message(timeout=PING_S)
                if message is not None:
                    heard_at = clock()
                    if message["type"] == "subscribe":
                        self.hears.set()
                        if not first:
                            self.look_again()
                    elif message["type"] == "message":
                        self._came(message["data"].decode())
                elif clock() - heard_at > SILENT_S:
                    raise asyncio.TimeoutError
                if clock() - pinged_at > PING_S:
                    pinged_at = clock()
                    await channel.ping()

    def _came(self, message: str) -> None:
        sender, topic, frame = message.split("\n", 2)
        if sender == self._id:
            return
        if topic == ALL:
            self.look_again()
        elif topic in self._readers:
            self._deliver(topic, json.loads(frame))

    # ---- while it is away

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_S)
            if self.hears.is_set() or self._positions is None:
                continue
            try:
                await self.catch_up()
            except StorageUnavailable:
                continue  # then there is nothing to read either; the sweep says so in the log

    async def catch_up(self) -> None:
        """Let those readers look again whose conversation has grown elsewhere. Raises StorageUnavailable."""
        assert self._positions is not None, "look_in() first"
        ids = [topic.removeprefix(TALK) for topic in self._readers if topic.startswith(TALK)]
        for start in range(0, len(ids), CHUNK):
            for conversation_id, seq in (await self._positions(ids[start : start + CHUNK])).items():
                topic = f"{TALK}{conversation_id}"
                if topic in self._readers and self._heard.get(topic, -1) < seq:
                    self._heard[topic] = seq
                    super().publish(topic, LOOK_AGAIN)
        super().publish("desk", {"type": "queue_changed"})


async def _publish(client: object, batch: list[str]) -> None:
    pipe = client.pipeline(transaction=False)  # type: ignore[attr-defined]
    for message in batch:
        pipe.publish(CHANNEL, message)
    await pipe.execute()
