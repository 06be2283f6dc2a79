"""Setting up, starting and watching the assistant on one machine. Standard library only."""
