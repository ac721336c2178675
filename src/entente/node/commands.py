"""The commands that a running node answers; importing this module registers all of them (docs/spec/control.md)."""

from entente.node import (
    commands_agreements,
    commands_backup,
    commands_desk,
    commands_drafts,
    commands_feed,
    commands_health,
    commands_items,
    commands_matters,
    commands_node,
    commands_standing,
    commands_timeline,
)
from entente.node.registry import COMMANDS, STREAMS, Command, Streaming

__all__ = [
    "COMMANDS",
    "STREAMS",
    "Command",
    "Streaming",
    "commands_agreements",
    "commands_backup",
    "commands_desk",
    "commands_drafts",
    "commands_feed",
    "commands_health",
    "commands_items",
    "commands_matters",
    "commands_node",
    "commands_standing",
    "commands_timeline",
]
