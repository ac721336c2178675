"""Commands that keep their connection: items in, and items as they come (docs/spec/control.md, "Feeds")."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import msgspec

from entente.node.control import error_of
from entente.node.errors import NodeError
from entente.node.feeding import Feeding
from entente.node.following import Following
from entente.node.registry import Args, streaming, the_ledger
from entente.node.releases import Request
from entente.node.veiling import veiled

if TYPE_CHECKING:
    from entente.node.daemon import Daemon


class FeedArgs(Args, kw_only=True):
    """What every item of the feed is alike in; ``stream`` makes it an ordered feed of that name."""

    agreement: str | None = None
    standing: str
    title: str
    media_type: str
    level: str
    purpose: str
    to: tuple[str, ...]
    precedence: str
    reality: str
    filename: str = "item"
    caveats: tuple[str, ...] = ()
    rel_to: tuple[str, ...] | None = None
    stream: str | None = None


@streaming("item.feed")
async def item_feed(daemon: "Daemon", args: FeedArgs, reader: asyncio.StreamReader, say: Callable[[Any], None]) -> None:
    """Release payloads as they come, under a standing release; tell the counts as they change."""
    ledger = the_ledger(daemon, args.agreement)
    request = Request(
        args.title, args.filename, args.media_type, args.level, args.purpose, args.to, args.precedence,
        args.reality, args.caveats, args.rel_to, args.standing, stream=args.stream,
    )  # fmt: skip
    failed = asyncio.Event()

    def report(counts: Any) -> None:
        say(counts)
        if feeding.error is not None:
            failed.set()

    feeding = Feeding(daemon, ledger, request, report)
    daemon.feeds.add(feeding)
    try:
        say({"ok": {"agreement": ledger.agreement.hex(), "standing": args.standing}})
        await _until(feeding.read(reader), failed)
        await feeding.finish()
        if feeding.error is not None:
            raise feeding.error
        say({"done": {"released": feeding.released, "received": feeding.received, "refused": feeding.refused}})
    except NodeError as error:
        say(error_of(error) | {"released": feeding.released})
    finally:
        daemon.feeds.discard(feeding)


async def _until(reading: Coroutine[Any, Any, None], failed: asyncio.Event) -> None:
    """Read on until the end, or until the feed has failed: a caller that has nothing to say is told at once."""
    tasks = asyncio.ensure_future(reading), asyncio.ensure_future(failed.wait())
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            tasks[0].result()
    finally:
        for task in tasks:
            task.cancel()


class FollowArgs(Args, kw_only=True):
    """Of one agreement and one stream, or all; ``payload`` has the text of each told with it, which opens the item.

    ``deadlines`` has the alarms told too that nobody has acknowledged.
    """

    agreement: str | None = None
    stream: str | None = None
    payload: bool = False
    deadlines: bool = False


@streaming("item.follow")
async def item_follow(
    daemon: "Daemon", args: FollowArgs, reader: asyncio.StreamReader, say: Callable[[Any], None]
) -> None:
    """Tell of each item that this party comes to hold, and of what comes due, until the caller closes."""
    ledger = the_ledger(daemon, args.agreement) if args.agreement is not None else None
    lines: asyncio.Queue[Any] = asyncio.Queue()
    following = Following(
        daemon, ledger, args.stream, payload=args.payload, deadlines=args.deadlines, say=lines.put_nowait
    )
    daemon.follows.add(following)
    saying = asyncio.create_task(_say(daemon, args, lines, say))
    try:
        await daemon.do(following.begin)
        await _until(_closed(reader), following.failed)
        if following.error is not None:
            lines.put_nowait(error_of(following.error))
            await lines.join()
    finally:
        daemon.follows.discard(following)
        saying.cancel()


async def _say(daemon: "Daemon", args: FollowArgs, lines: asyncio.Queue[Any], say: Callable[[Any], None]) -> None:
    """Say line after line, without the ids of what may not be seen yet; the payload of an item stays as it was sent."""
    while True:
        line = await lines.get()
        payload = {"text": line["text"]} if "text" in line else {}
        head = msgspec.json.encode({name: value for name, value in line.items() if name not in payload})
        say(msgspec.json.decode(await veiled(daemon, args, head, b"")) | payload)
        lines.task_done()


async def _closed(reader: asyncio.StreamReader) -> None:
    """Until the caller has closed; what it may write is nothing to anybody."""
    while await reader.read(4096):
        pass
