"""slogate: the gate that service teams trust with their releases.

The front door, for programs that judge without the command line. Nobody inside imports it (but
for the version). A name is imported from its room when it is first asked for, so that
`import slogate` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slogate.errors import SlogateError
    from slogate.gate import check
    from slogate.model.run import Run
    from slogate.slo.load import load_specs
    from slogate.slo.spec import Spec
    from slogate.store.layout import Store, open_store
    from slogate.store.manifest import find_run
    from slogate.verdict import Finding, Outcome, Verdict
else:

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name not in _ROOMS:
            raise AttributeError(f"module 'slogate' has no attribute '{name}'")
        return getattr(import_module(f"slogate.{_ROOMS[name]}"), name)


__version__ = "0.1.0"

__all__ = [
    "Finding",
    "Outcome",
    "Run",
    "SlogateError",
    "Spec",
    "Store",
    "Verdict",
    "__version__",
    "check",
    "find_run",
    "load_specs",
    "open_store",
]

_ROOMS = {
    "Finding": "verdict",
    "Outcome": "verdict",
    "Run": "model.run",
    "SlogateError": "errors",
    "Spec": "slo.spec",
    "Store": "store.layout",
    "Verdict": "verdict",
    "check": "gate",
    "find_run": "store.manifest",
    "load_specs": "slo.load",
    "open_store": "store.layout",
}
