"""One file a report format: verdict in, text out, pure."""
