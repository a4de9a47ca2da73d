"""The series store: Parquet files and JSON manifests; it has never heard of an SLO."""
