"""The administrator's commands: `python -m actions.admin [--json] GROUP COMMAND …`. See docs/admin.md.

A module of this package adds one group: `register(groups)` adds a parser, each leaf of which sets
`run=function` with `function(args, store) -> object`; the frame prints what comes back. A leaf that must not
open the store (it may be lost, or of another revision) sets `bare=True` and gets a `Place` instead of it.
"""
