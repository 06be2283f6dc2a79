"""The government systems behind the words: one port each, with an embedded implementation."""
