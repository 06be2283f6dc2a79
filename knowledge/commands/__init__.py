"""The subcommands of `python -m knowledge`, one module each: `add(actions)` and `run(options, settings)`."""
