"""The fast lane for histograms: the data points of many messages into rows, column by column.

json, protobuf ──Block──► lane ──order, differences──► rows ──► Chunk
"""
