"""Plugins of load generators that write the series while a test runs."""
