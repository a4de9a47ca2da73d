"""Runs a load test: the service under test, the generator's process, and what they say."""
