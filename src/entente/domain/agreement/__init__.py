"""The agreement: its document, the formal acts around it, and what they make of it at an instant.

``document`` and ``acts`` parse bytes, ``calendar`` counts days, ``view`` and ``lifecycle`` hold the rules of one
party's view, ``status`` puts the views together. Nothing here reads a clock or a file.
"""
