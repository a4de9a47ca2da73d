"""One file a kind of objective: its key, what it needs, how it judges."""
