"""OTLP's JSON: spans and metrics message by message, and blocks of lines at once."""
