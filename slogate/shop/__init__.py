"""The sample shop: a small HTTP service to load-test, with switches that degrade it.

It is the service under test of the demo, the tutorial and the test bed: `python -m slogate.shop`.
It stands alone, on the standard library, and knows nothing of recording or judging.
"""
