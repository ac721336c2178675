"""What goes on around an agreement: notes, linked measures, arrangements, talks, statements, meetings, indicators.

Pure: steps in, states and refusals out (docs/spec/relations.md). Nothing here is ever a ground for release: the gate
does not read it.
"""
