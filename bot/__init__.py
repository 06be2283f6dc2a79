"""Rasa components of 南昌智服 and the pure modules around which they are built."""
