"""Migrations of the services database: run at every start, up and down, with the data in it."""

from actions.backends.migrations.migrate import HEAD, migrate, revision

__all__ = ["HEAD", "migrate", "revision"]
