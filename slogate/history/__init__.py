"""The course of an objective over its stored verdicts: revisions, changes of level, the floor."""
