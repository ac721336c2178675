"""Entente: a node for information-sharing agreements.

The countersigned agreement is the only authority by which anything flows between the parties; each party runs its own
node; both sides hold a record that proves what happened. Layers, from the top: ``cli`` -> ``node`` -> ``link`` and
``store`` -> ``record`` -> ``sealing`` -> ``domain``; imports point downward only and ``lint-imports`` enforces it.
"""

__version__ = "0.1.0"
