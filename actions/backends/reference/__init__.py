"""The contract served, with the embedded systems behind it: to be run as it is, or read as a pattern."""
