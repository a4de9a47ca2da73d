from __future__ import annotations

import pytest

from slogate.loadtest.words import first_error, own_words, read_log

LOG = """[2026-11-24 21:51:36,500] vm/INFO/locust.main: Starting Locust 2.47.0
Traceback (most recent call last):
  File "locustfile.py", line 3, in on_start
ValueError: no token

[2026-11-24 21:51:37,062] vm/ERROR/locust.user.users: no token
[2026-11-24 21:51:37,062] vm/WARNING/locust.runners: Stopping Locust...
[2026-11-24 21:51:37,143] vm/INFO/locust.main: Shutting down (exit code 0)
Type     Name                                     # reqs      # fails |    Avg     Min
--------|---------------------------------------|-------|-------------|-------|-------
         Aggregated                                    0     0(0.00%) |      0       0
[2026-11-24 21:51:38,000] vm/ERROR/locust.main: behind the tables
"""


def test_locusts_words_are_warnings_and_tracebacks_without_its_tables():
    """What explains nothing is left out."""
    assert own_words(LOG).splitlines() == [
        "    locustfile.py:3: ValueError: no token",
        "    [2026-11-24 21:51:37,062] vm/ERROR/locust.user.users: no token",
        "    [2026-11-24 21:51:37,062] vm/WARNING/locust.runners: Stopping Locust...",
    ]


def test_a_log_that_explains_nothing_is_shown_as_it_ends():
    """Better than silence."""
    log = "".join(f"[t] vm/INFO/locust.main: line {n}\n" for n in range(20))

    assert own_words(log).splitlines()[-1] == "    [t] vm/INFO/locust.main: line 19"
    assert len(own_words(log).splitlines()) == 15


def test_the_first_error_is_the_text_of_its_record():
    """Without the time and the logger; with kind and place, if a file of the user's has it."""
    assert first_error(LOG) == "locustfile.py:3: ValueError: no token"
    assert first_error("[t] vm/ERROR/locust.main: no token\n") == "no token"


LISTENER = """[t] vm/ERROR/root: Uncaught exception in event handler:{blank}
Traceback (most recent call last):
  File "/venv/lib/python3.11/site-packages/locust/event.py", line 45, in fire
    handler(**kwargs)
  File "load.py", line 3, in seed
RuntimeError: no data
"""


def test_an_error_that_ends_in_a_colon_goes_on_in_its_traceback():
    """Locust says there which listener of the user's failed."""
    told = first_error(LISTENER.format(blank=" "))

    assert told == "Uncaught exception in event handler: load.py:3: RuntimeError: no data"
    assert first_error("[t] vm/ERROR/root: it failed:\n") == "it failed:"


SYNTAX = """Traceback (most recent call last):
  File "<frozen runpy>", line 198, in _run_module_as_main
  File "/x/slogate/recorders/locust/__main__.py", line 39, in main
    run()
  File "/venv/lib/python3.11/site-packages/locust/main.py", line 167, in main
    ) = merge_locustfiles_content(locustfiles)
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
{frame}  File "/usr/lib/python3.11/json/decoder.py", line 355, in raw_decode
{error}
"""


@pytest.mark.parametrize(
    ("frame", "error", "told"),
    [
        pytest.param(
            '  File "/srv/a b/load.py", line 4\n    def x(self)\n               ^\n',
            "SyntaxError: expected ':'", "/srv/a b/load.py:4: SyntaxError: expected ':'", id="own",
        ),
        pytest.param("", "OSError: no space", "OSError: no space", id="library"),
        pytest.param(
            '  File "src/gevent/greenlet.py", line 912, in gevent._greenlet.Greenlet.run\n',
            "ValueError: -5", "ValueError: -5", id="compiled-library",
        ),
    ],
)  # fmt: skip
def test_a_traceback_is_one_line(frame: str, error: str, told: str):
    """What, and where in the user's own file; libraries are left out."""
    log = SYNTAX.format(frame=frame, error=error)

    assert own_words(log).splitlines() == [f"    {told}"]


def test_an_error_of_a_library_stays_as_it_was_logged():
    """Locust's own words say more than a place in its code."""
    log = SYNTAX.format(frame="", error="Exception: no tasks")

    assert first_error(f"[t] vm/ERROR/locust.user.users: no tasks\n{log}") == "no tasks"


def test_a_log_without_errors_has_no_first_error():
    """A warning is none."""
    assert first_error("[t] vm/WARNING/locust.runners: CPU usage above 90%\n") is None


def test_a_missing_log_is_empty(tmp_path):
    """A generator that never started has said nothing."""
    assert read_log(tmp_path / "none") == ""
