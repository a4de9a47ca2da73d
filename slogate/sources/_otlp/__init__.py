"""Shared by the formats and the receiver of OpenTelemetry: telemetry → rows of the series.

    JSON or protobuf ──from_json, from_protobuf──► Span, Metric ──translate──► Chunk

What is encoded how is known by `from_json` and `from_protobuf` alone; what a span or a data
point says about a request, by `semantics`; what a bucket says, by `buckets`; how a cumulative
series becomes increases, by `increases`.
"""
