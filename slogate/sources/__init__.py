"""One file a foreign format, turned into the request series."""
