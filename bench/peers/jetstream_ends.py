"""Two clients of NATS JetStream, each a process: ``python jetstream_ends.py take|send PORT CERTIFICATES JOB``.

Runs in the peer's environment and knows nothing of the bench. The taker is a push consumer that acknowledges every
message and answers how many it has: what Entente calls received, but unsigned.
"""

import asyncio
import json
import os
import ssl
import sys
import time
from pathlib import Path
from typing import Any

import nats
from nats.js.api import AckPolicy, ConsumerConfig, StorageType

EVERY = 100
"""Messages for each answer of the taker when they come in a stream."""


async def connect(port: int, folder: Path, end: str) -> nats.NATS:
    """Mutual TLS 1.3 to the server."""
    tls = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    tls.load_cert_chain(folder / f"{end}.pem", folder / f"{end}.key")
    return await nats.connect(f"tls://localhost:{port}", tls=tls, flusher_queue_size=1 << 16)


async def take(client: nats.NATS) -> None:
    """Take messages until standard input ends."""
    js = client.jetstream()
    await js.add_stream(name="bench", subjects=["item"], storage=StorageType.FILE)
    taken = 0

    async def message(each: object) -> None:
        nonlocal taken
        await each.ack()  # type: ignore[attr-defined]
        taken += 1
        lone = each.data[0] == 1  # type: ignore[attr-defined]
        if lone or taken % EVERY == 0:
            await client.publish("taken", str(taken).encode())

    config = ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, max_ack_pending=65536)
    await js.subscribe(
        "item", cb=message, manual_ack=True, config=config, pending_msgs_limit=-1, pending_bytes_limit=-1
    )
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def send(client: nats.NATS, job: dict[str, Any]) -> dict[str, Any]:
    """One at a time, each until the taker has answered, or as many as go in the time."""
    js = client.jetstream(publish_async_max_pending=4096)
    answers: asyncio.Queue[int] = asyncio.Queue()

    async def answer(each: object) -> None:
        answers.put_nowait(int(each.data))  # type: ignore[attr-defined]

    await client.subscribe("taken", cb=answer)
    await client.flush()
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    payload = (b"\1" if job["lone"] else b"\0") + os.urandom(job["size"] - 1)
    sent, taken, latencies, begun = 0, 0, [], time.perf_counter()
    if job["lone"]:
        while sent < job["limit"]:
            at = time.perf_counter()
            await js.publish("item", payload)
            sent += 1
            while taken < sent:
                taken = await answers.get()
            latencies.append(time.perf_counter() - at)
        return {"items": sent, "seconds": time.perf_counter() - begun, "latencies": latencies}
    while time.perf_counter() - begun < job["seconds"]:
        for _ in range(EVERY):
            await js.publish_async("item", payload)
        sent += EVERY
        await asyncio.sleep(0)
    await js.publish_async_completed()
    while taken < sent:
        taken = await answers.get()
    return {"items": sent, "seconds": time.perf_counter() - begun, "latencies": []}


async def main(role: str, port: int, folder: Path, job: dict[str, Any]) -> None:
    """Run one end."""
    client = await connect(port, folder, role)
    if role == "take":
        await take(client)
    else:
        print(json.dumps(await send(client, job)), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await client.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), json.loads(sys.argv[4])))
