"""The last thing done with an answer: no id is in it of a matter that its reader may not know of (relations.md, 8)."""

import asyncio
from typing import TYPE_CHECKING, Any

from entente.node.matters import veil_of
from entente.node.registry import the_ledger
from entente.node.veil import NAMED, Veil

if TYPE_CHECKING:
    from entente.node.daemon import Daemon


async def veiled(daemon: "Daemon", args: Any, told: bytes, asked: bytes) -> bytes:
    """An answer in JSON with a placeholder for every hidden id that who ``asked`` has not named itself.

    Ids are of characters that JSON writes as they are, and so are placeholders: the answer keeps its form. Who asks for
    what is under embargo is told all of it. An answer that names nothing of that kind costs a search.
    """
    if getattr(args, "embargoed", False):
        return told
    words = told.decode()
    if NAMED.search(words) is None:
        return told
    # What was hidden when the answer was made and is no longer, its reader may know of now.
    veil = await daemon.do(lambda: _over(daemon, args))
    return (await asyncio.to_thread(lambda: veil.lifted(_said(args, asked)).text(words))).encode()


def _over(daemon: "Daemon", args: Any) -> Veil:
    """Over what is hidden under the agreement that is meant, or under any where none is."""
    ledgers = daemon.node.ledgers
    if "agreement" in type(args).__struct_fields__ and (args.agreement is not None or len(ledgers) == 1):
        return veil_of(daemon.node, the_ledger(daemon, args.agreement))
    return veil_of(daemon.node, *ledgers.values())


def _said(args: Any, asked: bytes) -> str:
    """Everything that the caller has said, a statement's bytes too."""
    statement = getattr(args, "statement", "")
    try:
        signed = bytes.fromhex(statement).decode(errors="replace") if isinstance(statement, str) else ""
    except ValueError:
        signed = ""
    return f"{asked.decode(errors='replace')}\n{signed}"
