"""`slogate demo`: the whole thing at work on the bundled sample shop, without any set-up."""

from __future__ import annotations

import shlex
import socket
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from slogate.cli.options import JSON, NO_COLOR, QUIET, given_run_time, note

USERS = 150
RUN_TIME = "45s"


def command(
    slow: Annotated[
        list[str] | None,
        typer.Option("--slow", metavar="RULE", help="Slow an endpoint: 'POST /checkout=3x'."),
    ] = None,
    errors: Annotated[
        list[str] | None,
        typer.Option("--errors", metavar="RULE", help="Let one fail: 'POST /login=5%'."),
    ] = None,
    freeze: Annotated[
        str | None,
        typer.Option("--freeze", metavar="RULE", help="Freeze the shop: 1s/20s is 1 s every 20 s."),
    ] = None,
    run_time: Annotated[
        str, typer.Option("-t", "--run-time", metavar="DURATION", help="How long.")
    ] = RUN_TIME,
    store: Annotated[
        Path | None,
        typer.Option(
            "--store",
            metavar="FOLDER",
            help="Folder to keep the run in  [default: a new temporary one]",
        ),
    ] = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Serve the sample shop, load-test it, judge it against its spec.

    Everything is kept in a fresh temporary store unless `--store` says otherwise.

    \b
    Examples:
      slogate demo                                   an honest pass, in under a minute
      slogate demo --slow 'POST /checkout=3x'        see one endpoint's budget breached
      slogate demo --errors 'POST /login=20%'        see failures breach theirs
    """
    from slogate.cli.judging import tell
    from slogate.cli.locustconf import IGNORED
    from slogate.cli.planning import Request
    from slogate.cli.testing import load_test
    from slogate.config import Settings

    folder = _folder()
    where = store or Path(tempfile.mkdtemp(prefix="slogate-demo-"))
    address = f"http://127.0.0.1:{_free_port()}"
    settings = Settings(
        store=where,
        serve=_serve(address, slow or [], errors or [], freeze),
        ready=f"{address}/ready",
        host=address,
        users=USERS,
        spawn_rate=USERS / 2,
        run_time=given_run_time(run_time),
        locustfiles=(folder / "loadtests" / "locustfile.py",),
        specs=(folder / "slo" / "shop.yaml",),
    )
    request = Request(
        settings=settings,
        locust=(),
        configured=IGNORED,
        web=False,
        abort_on=(),
        labels=(),
        quiet=quiet,
    )
    code = load_test(request, partial(tell, as_json=as_json, no_color=no_color, quiet=quiet))
    note(_farewell(where, folder, temporary=store is None), quiet=quiet)
    return code


def _farewell(store: Path, folder: Path, *, temporary: bool) -> str:
    """What can be done with what was recorded."""
    spec = shlex.quote(str(folder / "slo" / "shop.yaml"))
    lines = [
        f"\nlook around: slogate store sql 'from requests limit 5' --store {store}",
        f"judge again: slogate check {spec} --store {store}",
    ]
    if temporary:
        lines.append(f"when done:   rm -r {store}")
    return "\n".join(lines)


def _folder() -> Path:
    """Where the sample's spec and load test lie: in the package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    bundled = package / "demo"
    return bundled if bundled.is_dir() else package.parent


def _serve(address: str, slow: list[str], errors: list[str], freeze: str | None) -> str:
    port = address.rpartition(":")[2]
    words = [sys.executable, "-P", "-m", "slogate.shop", "--port", port]
    words += [f"--slow={each}" for each in slow]
    words += [f"--errors={each}" for each in errors]
    words += [f"--freeze={freeze}"] if freeze else []
    return shlex.join(words)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
