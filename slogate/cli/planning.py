"""A load test about to run: what the user asked for, and what was made of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from slogate.cli.against import Base, Wanted
from slogate.cli.locustconf import Configured
from slogate.cli.locusting import is_worker, own_run_time, shows_web_ui
from slogate.cli.options import note
from slogate.config import Settings, load_settings
from slogate.model.early import EarlyStop
from slogate.objectives._base import Objective
from slogate.slo.spec import Spec
from slogate.store.layout import Store


def settings_with(given: Mapping[str, Any], beneath: Configured) -> Settings:
    """The project's settings with the flags that were given over them, Locust's own beneath.

    Whoever names a host tests what runs there, not what the settings would serve.
    """
    flags = {key: value for key, value in given.items() if value is not None}
    if "host" in flags:
        flags |= {"serve": None, "ready": None}
    return replace(load_settings(Path.cwd(), os.environ, beneath.settings()), **flags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for: settings with the flags laid over them, and the rest.

    `configured` is what Locust's own configuration says, read once.
    """

    settings: Settings
    locust: tuple[str, ...]
    configured: Configured
    web: bool
    abort_on: tuple[str, ...]
    labels: tuple[str, ...]
    quiet: bool
    against: Wanted | None = None
    early_stop: bool = False
    min_time: int = 0

    @property
    def is_worker(self) -> bool:
        """Whether it only sends load, for a master elsewhere."""
        return is_worker(self.locust, self.configured)


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One load test about to run."""

    request: Request
    run_id: str
    service: str
    specs: list[Spec]
    rules: list[Objective]
    store: Store
    base: Base | None = None

    def log(self, of: str) -> Path:
        """Where the log of the service or of Locust is kept."""
        return self.store.root / "logs" / f"{self.run_id}.{of}.log"

    def say(self, text: str) -> None:
        """Tell the user something on the way, unless that is not wanted."""
        note(text, quiet=self.request.quiet)

    @property
    def early(self) -> EarlyStop | None:
        """How long the test may be, where it may end as soon as all is decided."""
        if not self.request.early_stop or self.planned_us is None:
            return None
        return EarlyStop(max_us=self.planned_us, min_us=self.request.min_time)

    @property
    def web(self) -> bool:
        """Whether the test is started and stopped in Locust's own web UI."""
        return shows_web_ui(self.request.locust, web=self.request.web)

    @property
    def planned_us(self) -> int | None:
        """How long the test is to run, by the last word on it; None where a person stops it.

        Locust takes a run time of 0 as none.
        """
        if self.web and "--autostart" not in self.request.locust:
            return None
        own = own_run_time(self.request.locust)
        return (self.request.settings.run_time if own is None else own) or None
