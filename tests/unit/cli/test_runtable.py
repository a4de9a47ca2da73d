from __future__ import annotations

from slogate.cli.runtable import sheet
from slogate.model.run import Run


def test_an_endpoint_is_one_line_whatever_it_is_called():
    """Its name comes from a locustfile, and could look like another line of the sheet."""
    run = Run(id="r", service="shop", kind="load", state="incomplete")

    told = sheet(run, None, [("GET /a\nstate         complete", 3), ("", 1)]).splitlines()

    assert "endpoints     3 × GET /a state complete" in told
    assert "              1 × (no name)" in told
