"""The commands that a running node answers; importing this module registers all of them (docs/spec/control.md)."""

from entente.node import commands_agreements, commands_items, commands_node
from entente.node.registry import COMMANDS, Command

__all__ = ["COMMANDS", "Command", "commands_agreements", "commands_items", "commands_node"]
