"""How long a load test has to be to decide a spec, from what earlier runs showed."""
