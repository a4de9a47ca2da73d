from __future__ import annotations

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
        "    Traceback (most recent call last):",
        '      File "locustfile.py", line 3, in on_start',
        "    ValueError: no token",
        "    [2026-11-24 21:51:37,062] vm/ERROR/locust.user.users: no token",
        "    [2026-11-24 21:51:37,062] vm/WARNING/locust.runners: Stopping Locust...",
    ]


def test_a_log_that_explains_nothing_is_shown_as_it_ends():
    """Better than silence."""
    log = "".join(f"[t] vm/INFO/locust.main: line {n}\n" for n in range(20))

    assert own_words(log).splitlines()[-1] == "    [t] vm/INFO/locust.main: line 19"
    assert len(own_words(log).splitlines()) == 15


def test_the_first_error_is_the_text_of_its_record():
    """Without the time and the logger."""
    assert first_error(LOG) == "no token"


def test_a_log_without_errors_has_no_first_error():
    """A warning is none."""
    assert first_error("[t] vm/WARNING/locust.runners: CPU usage above 90%\n") is None


def test_a_missing_log_is_empty(tmp_path):
    """A generator that never started has said nothing."""
    assert read_log(tmp_path / "none") == ""
