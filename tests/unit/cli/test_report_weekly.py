"""`slogate report --window`: what it says of the moment that it speaks of."""

import time

import pytest

from slogate.cli.report_weekly import _age
from slogate.errors import UsageError
from slogate.model.calendar import Period

HOUR = 3_600_000_000


@pytest.mark.parametrize(
    ("hours", "said"),
    [(-0.5, ""), (-30, "30 h old; --at says otherwise"), (5, "5 h ahead of this clock")],
)
def test_newest_data_of_another_time_are_told(capsys, hours, said):
    """Neither a day old nor a clock that is fast goes unseen."""
    now = time.time_ns() // 1000

    _age(Period(start_ts=now - 24 * HOUR, end_ts=now + int(hours * HOUR)), quiet=False)

    told = capsys.readouterr().err
    assert said in told
    assert bool(said) == bool(told)


def test_data_of_the_far_future_are_refused():
    """No week ends then."""
    now = time.time_ns() // 1000

    with pytest.raises(UsageError, match="lie in the future"):
        _age(Period(start_ts=now, end_ts=now + 30 * HOUR), quiet=False)
