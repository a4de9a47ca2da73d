"""The Locust recorder: every request of a Locust run becomes a row of the series store."""
