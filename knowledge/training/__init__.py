"""Making data/reader.npz: offline, with torch; nothing here runs in the product."""
