"""The nouns: frozen values that every other room speaks of; no I/O, no clock."""
