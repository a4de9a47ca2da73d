from __future__ import annotations

from slogate.recorders.locust.health import HealthMonitor
from slogate.recorders.locust.pacing import Pacing


def test_who_wakes_late_after_the_end_is_not_counted():
    """Locust itself holds up the users when it is told to stop them."""
    pacing = Pacing(lambda _iteration, _pace: None)
    monitor = HealthMonitor(pacing)
    pacing.woken, pacing.missed = 7, 7
    monitor.start()
    pacing.woken += 10
    pacing.missed += 1
    while_it_runs = monitor.health().missed
    monitor.stop()
    pacing.woken += 4
    pacing.missed += 4
    monitor.stop()

    assert while_it_runs == monitor.health().missed == 0.1
