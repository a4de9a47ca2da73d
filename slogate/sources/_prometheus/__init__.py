"""Reads counters and histograms of a Prometheus server through its HTTP API."""
