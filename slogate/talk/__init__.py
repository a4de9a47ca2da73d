"""Tells teams of a verdict where they work: comments, issues, chats."""
