"""Receives OpenTelemetry over OTLP/HTTP and writes the series as it comes.

    service.py (HTTP) ─► router.py (rows by service) ─► writer.py ─► journal ─► answer 200
                                                           └──► parts and manifests (ledger.py)

A batch is answered with success once its rows are in the journal on disk; parts of a useful size
follow every few seconds. Memory is bounded: what does not fit is told to come again.
"""
