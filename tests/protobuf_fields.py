"""Protobuf's wire format, written by hand: for messages that no class would write."""

from __future__ import annotations


def varint(number: int) -> bytes:
    """A number as protobuf writes it."""
    found = bytearray()
    while number >= 0x80:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def field(number: int, content: bytes) -> bytes:
    """Bytes, a text or a message as a field."""
    return varint(number << 3 | 2) + varint(len(content)) + content
