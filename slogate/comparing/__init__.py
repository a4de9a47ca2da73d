"""Base against head: what changed between runs, by how much, and whether that is allowed."""
