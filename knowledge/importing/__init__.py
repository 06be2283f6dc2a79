"""A city's own item list (CSV, XLSX, JSON) made into guides: everything in it counts as not verified."""
