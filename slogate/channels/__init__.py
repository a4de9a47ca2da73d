"""One file a channel that a team is told of a verdict through."""
