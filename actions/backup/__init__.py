"""Backups of everything the service keeps, except the data keys: those are kept somewhere else, by hand."""
