"""The gateway's database, step by step.

A new step: `versions/mNNNN_noun.py`, its `down_revision` the last one there.
Steps that add to a table use `op.add_column`; SQLite and PostgreSQL both run every step, up and down.
"""

from gateway.migrations.migrate import BASE, HEAD, migrate, revision

__all__ = ["BASE", "HEAD", "migrate", "revision"]
