"""The ``entente`` command: one module for each group of commands, and the screens that people read."""
