"""Parts of the measurement of the embedded systems; see `actions.measure`."""
