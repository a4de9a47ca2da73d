"""How many users there were over the time of a run, beside what they asked for."""

from __future__ import annotations

from collections.abc import Sequence

from slogate import units
from slogate.model.exhibit import Exhibit
from slogate.model.run import Users
from slogate.reports._html.frame import CountAxis, bars
from slogate.reports._html.markup import Html, tag
from slogate.reports._html.timeline import Panel

_HEIGHT = 70


def users_by_column(users: Sequence[Users], exhibit: Exhibit) -> list[int]:
    """The number at the end of each slice; nobody before the first is told."""
    found, at, count = [], 0, 0
    for column in range(exhibit.columns):
        end = exhibit.start_ts + (column + 1) * exhibit.step_us
        while at < len(users) and users[at].ts < end:
            count = users[at].count
            at += 1
        found.append(count)
    return found


def crowd(panel: Panel) -> Html | None:
    """The picture; None where nobody counted them."""
    if not any(panel.users):
        return None
    most = max(panel.users)
    axis = CountAxis(high=most * 1.05, height=_HEIGHT)
    boxes = [(column, axis.y(count), _HEIGHT) for column, count in enumerate(panel.users)]
    told = f"{units.format_count(most)} users at most."
    return panel.picture(
        "users", "Users", told, axis=axis, shapes=tag("path", class_="crowd", d=bars(boxes))
    )
