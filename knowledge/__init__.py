"""Guides as data, an index over them, and an answerer that says only what a guide says.

Imports nobody else of ours. Entry points: ``knowledge.answerer.Answerer`` and ``python -m knowledge``.
"""
