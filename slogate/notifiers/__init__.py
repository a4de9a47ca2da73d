"""One file a channel that a verdict is sent through."""
