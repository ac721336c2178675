"""Bundles carried by hand: the link's frames in a sealed file, through the same doors (docs/spec/bundle.md)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from entente.link.bundle import BundleNotWrittenError, read_bundle, write_bundle
from entente.link.errors import LinkError
from entente.node.doors import FRAME_DOORS
from entente.node.errors import NodeError, RefusedError, UsageError
from entente.node.greeting import Returned
from entente.node.lanes import Feed
from entente.node.outgoing import frames_for, hello
from entente.node.receipts import owed_cosignatures
from entente.record.frames import AnyFrame, Hello, Segment, Want
from entente.sealing.seal import SealingKey

if TYPE_CHECKING:
    from entente.node.node import Node


def export(node: "Node", peer: str, path: Path) -> dict[str, Any]:
    """Everything the peer has not cosigned yet, sealed for it, payloads included.

    Raises:
        UsageError: the peer is unknown, or the file exists.
    """
    if peer not in node.cards:
        raise UsageError(
            "NOT_PAIRED", f"{peer} is not paired with this node", f"Paired: {', '.join(node.cards) or 'none'}"
        )
    if path.exists():
        raise UsageError("EXISTS", f"{path} exists already", "Name a new file; nothing was overwritten.")
    feed = Feed(peer, "bundle")
    for ledger in node.ledgers.values():
        for log in ledger.logs.values():
            cosigned = node.store.cosigned(log.row.id).get(peer)
            if log.row.writer == node.party and cosigned is not None:
                feed.sent[ledger.agreement, *log.name] = cosigned[0]
    frames: list[AnyFrame] = [hello(node, peer), *owed_cosignatures(node, feed), *frames_for(node, feed)]
    frames += _payloads(node, peer)
    sealing = next((ledger.sealing[peer] for ledger in node.ledgers.values() if peer in ledger.sealing), None)
    key = sealing or node.cards[peer].sealing
    try:
        size = write_bundle(path, frames, writer=node.party, recipient=peer, recipient_key=key)
    except BundleNotWrittenError as error:
        raise UsageError(error.code, str(error), error.remedy) from error
    return {"path": str(path), "bytes": size, "frames": len(frames), "for": peer}


def _payloads(node: "Node", peer: str) -> list[AnyFrame]:
    """The segments of payloads that the peer has not answered for."""
    frames: list[AnyFrame] = []
    door = FRAME_DOORS[Want]
    for line in node.store.register("given"):
        row = node.store.log(line.log)
        if line.party != peer or line.answered is not None:
            continue
        index = 0
        while node.payload_path(node.position_of(row, line.seq)).exists():
            want = Want(row.agreement, row.writer, row.incarnation, line.seq, index)
            answer = door(node, Feed(peer, "bundle"), Returned(), want, "bundle")
            found = [frame for frame in answer if isinstance(frame, Segment)]
            if not found:
                break
            frames += found
            index += len(found)
    return frames


def take_in(node: "Node", path: Path) -> dict[str, Any]:
    """Take in a bundle: every frame through the door of its kind, with the channel ``bundle``.

    Raises:
        UsageError: the file cannot be read as a bundle for this party.
        RefusedError: the bundle does not begin with a peer's greeting.
    """
    keys = [
        SealingKey.from_secret(node.unlock(f"sealing/{key_id.hex()}", data))
        for key_id, _, data in node.store.secrets("sealing")
    ]
    keys.append(SealingKey.from_secret(node.keyring.card_sealing))
    taken, refused, unwanted = 0, [], 0
    try:
        frames = iter(read_bundle(path, keys, me=node.party))
        first = next(frames, None)
        if not isinstance(first, Hello) or first.party not in node.cards:
            raise RefusedError("NOT_PAIRED", "the bundle does not come from a paired party", "Pair with it first.")
        feed, returned = Feed(first.party, "bundle"), Returned()
        for frame in frames:
            try:
                FRAME_DOORS[type(frame)](node, feed, returned, frame, "bundle")
                taken += 1
            except NodeError as error:
                if isinstance(frame, Segment) and error.code == "WRONG_LOG":
                    unwanted += 1  # a payload rides along whatever becomes of its item; refused, its bytes are not kept
                else:
                    refused.append({"code": error.code, "message": error.message})
    except LinkError as error:
        raise UsageError(error.code, str(error), error.remedy) from error
    node.save_evidence()
    return {"from": first.party, "frames": taken, "unwanted": unwanted, "refused": refused}
