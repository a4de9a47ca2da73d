"""Indicators measured: what a server answers, as counts slot by slot for the judge."""
