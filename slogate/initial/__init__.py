"""What `slogate init` writes: a spec, a load test, settings and CI files from what is there."""
