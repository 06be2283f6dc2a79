"""One module a step; a step is never changed once a city has run it."""
