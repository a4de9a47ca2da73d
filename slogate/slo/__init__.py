"""YAML text to SLO specs: all faults at once, each with its place."""
