"""Shared by the formats and the receiver of OpenTelemetry: telemetry → rows of the series.

    JSON or protobuf ──json, protobuf──► Span, Metric ──translate──► Chunk
                                  └────► many at once ──lane──► Chunk

What is encoded how is known by the rooms `json` and `protobuf` alone; what a span or a data
point says about a request, by `semantics`; what a bucket says, by `buckets`; how a cumulative
series becomes increases, by `increases`.
"""
