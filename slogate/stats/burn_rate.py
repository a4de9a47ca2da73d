"""Multi-window, multi-burn-rate alerts: who burns an error budget too fast, and how fast is that.

A pair fires while the burn rate over its long window and over its short one both exceed a factor:
the factor at which `share` of the budget is burned in the long window, share × period ÷ long. It is
computed, never written down: the well-known 14.4, 6, 3 and 1 are those of 30 days. No burn rate
exceeds 1 ÷ (1 − objective), so that a pair whose factor is not below it can never fire.

The pairs are those of the Site Reliability Workbook, chapter 5, table 5-8. For periods under 28
days the windows shrink with the period, to whole minutes: as they are they would span most of it.

Low traffic: where fewer than ten bad units (requests, slices) would burn that fast in the long
window, one more or less means little; there the lower end of Clopper & Pearson's interval must
exceed the factor too.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from slogate.stats.error_budget import Use
from slogate.stats.proportion import bounds
from slogate.units import US_PER_SECOND

_MINUTE_US = 60 * US_PER_SECOND
_HOUR_US = 60 * _MINUTE_US
_DAY_US = 24 * _HOUR_US
SHORT_PERIOD_US = 28 * _DAY_US
WORKBOOK_PERIOD_US = 30 * _DAY_US
LOW_TRAFFIC = 10
GUARD_ALPHA = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Fires when `share` of the budget burns in `long_us`, and still does in `short_us`."""

    share: Fraction
    long_us: int
    short_us: int
    severity: str = "page"

    def factor(self, period_us: int) -> Fraction:
        """The burn rate to exceed."""
        return self.share * period_us / self.long_us

    def bad_share(self, objective: Fraction, period_us: int) -> Fraction:
        """The share of bad units to exceed."""
        return self.factor(period_us) * (1 - objective)

    def is_reachable(self, objective: Fraction, period_us: int) -> bool:
        """Whether any traffic can burn that fast."""
        return self.bad_share(objective, period_us) < 1

    def is_low(self, objective: Fraction, period_us: int, long: Use) -> bool:
        """Whether the long window has so few units that the interval must exceed the factor too."""
        return long.total * self.bad_share(objective, period_us) < LOW_TRAFFIC

    def fires(self, objective: Fraction, period_us: int, *, long: Use, short: Use) -> bool:
        """Whether both windows burn too fast, and the long one surely does."""
        factor = self.factor(period_us)
        rates = (long.burn(objective), short.burn(objective))
        if any(rate is None or rate <= factor for rate in rates):
            return False
        if not self.is_low(objective, period_us, long):
            return True
        lower = lowest_burn(long, objective)
        return lower is not None and lower > factor


WORKBOOK: tuple[Pair, ...] = (
    Pair(share=Fraction(2, 100), long_us=_HOUR_US, short_us=5 * _MINUTE_US),
    Pair(share=Fraction(5, 100), long_us=6 * _HOUR_US, short_us=30 * _MINUTE_US),
    Pair(share=Fraction(1, 10), long_us=_DAY_US, short_us=2 * _HOUR_US, severity="ticket"),
    Pair(share=Fraction(1, 10), long_us=3 * _DAY_US, short_us=6 * _HOUR_US, severity="ticket"),
)


def workbook(period_us: int) -> tuple[Pair, ...]:
    """The four pairs for a period."""
    if period_us >= SHORT_PERIOD_US:
        return WORKBOOK
    return tuple(
        Pair(
            share=pair.share,
            long_us=_scaled(pair.long_us, period_us),
            short_us=_scaled(pair.short_us, period_us),
            severity=pair.severity,
        )
        for pair in WORKBOOK
    )


def _scaled(us: int, period_us: int) -> int:
    """So much of the period as of thirty days, in whole minutes, at least one."""
    minutes = Fraction(us, _MINUTE_US) * period_us / WORKBOOK_PERIOD_US
    return max(1, int(minutes + Fraction(1, 2))) * _MINUTE_US


def lowest_burn(use: Use, objective: Fraction) -> float | None:
    """The lower end, at 95% one-sided, of the burn rate of independent units; None without any."""
    share = use.bad_share
    if share is None:
        return None
    return bounds(float(share), use.total, GUARD_ALPHA)[0] / float(1 - objective)
