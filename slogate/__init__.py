"""slogate: the gate that service teams trust with their releases."""

__version__ = "0.1.0"
