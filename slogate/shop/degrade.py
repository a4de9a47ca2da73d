"""The endpoints as the switches leave them: copies, slowed down and made to fail.

A target that names no endpoint is refused, with the list of those there are.
"""

from __future__ import annotations

from dataclasses import replace

from slogate.shop.endpoints import Endpoint
from slogate.shop.switches import Errors, Slow


def degrade(
    endpoints: tuple[Endpoint, ...], slows: list[Slow], errors: list[Errors]
) -> tuple[Endpoint, ...]:
    """Apply the switches in order: slowness adds up, of several error shares the last holds."""
    switches: list[Slow | Errors] = [*slows, *errors]
    for switch in switches:
        if not any(_names(switch.target, endpoint) for endpoint in endpoints):
            known = ", ".join(f"{endpoint.method} {endpoint.path}" for endpoint in endpoints)
            raise ValueError(f"there is no endpoint '{switch.target}'; there are {known}, and *")
    return tuple(_degraded(endpoint, slows, errors) for endpoint in endpoints)


def _degraded(endpoint: Endpoint, slows: list[Slow], errors: list[Errors]) -> Endpoint:
    for slow in slows:
        if _names(slow.target, endpoint):
            factor = endpoint.factor * slow.factor
            extra_us = int(endpoint.extra_us * slow.factor) + slow.extra_us
            endpoint = replace(endpoint, factor=factor, extra_us=extra_us)
    for error in errors:
        if _names(error.target, endpoint):
            endpoint = replace(endpoint, error_share=error.share)
    return endpoint


def _names(target: str, endpoint: Endpoint) -> bool:
    return target in ("*", endpoint.path, f"{endpoint.method} {endpoint.path}")
