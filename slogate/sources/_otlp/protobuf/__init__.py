"""OTLP's protobuf: messages by their classes, and their bytes as columns without them."""
