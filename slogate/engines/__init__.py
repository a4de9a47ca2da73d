"""One file an engine that counts what objectives need over the series."""
