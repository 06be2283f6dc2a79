"""The administrator's commands of the gateway: `python -m gateway.admin [--json] GROUP COMMAND …`.

See docs/staff.md. A module of this package adds one group: `register(groups)` adds a parser, each leaf
of which sets `run=function` with `function(args, people) -> object`; the frame prints what comes back.
"""
