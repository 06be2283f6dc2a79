"""The gateway: one thread per conversation on every channel, a real hand-off, live desk."""
