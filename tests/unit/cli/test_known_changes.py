from __future__ import annotations

import threading
import tomllib

import pytest
from histories import course_of, stepped

from slogate.cli.known_changes import add_known, place_of, read_known
from slogate.errors import UsageError
from slogate.history.shifts import shifts

ENTRY = """
[[change]]
objective = "shop/submit/p95"
run = "run-030"
time = "2023-11-16T04:13:20Z"
reason = "new cache"
"""


def test_what_is_added_is_read_again(tmp_path):
    """Whatever somebody gives for a reason, on one line."""
    path = tmp_path / "slo" / "known-changes.toml"
    course = course_of(stepped(180, 210))
    reasons = ['a "new" cache\\n', "zwei\nZeilen\x7f", "支🚀 = [x]"]
    for reason in reasons:
        add_known(path, shifts(course), reason)
    known = read_known(path)

    assert [each.reason for each in known] == [
        'a "new" cache\\n',
        "zwei Zeilen\\u007f",
        "支🚀 = [x]",
    ]
    assert {each.status for each in shifts(course, known)} == {"known"}
    assert tomllib.loads(path.read_text())["change"][0]["run"] == "run-030"


def test_what_people_wrote_stays(tmp_path):
    """Comments and entries of the file are not touched, nor is a last line without its end."""
    path = tmp_path / "known-changes.toml"
    path.write_text(f"# ours{ENTRY}".rstrip())
    add_known(path, shifts(course_of(stepped(180, 210))), "again")

    assert path.read_text().startswith(f"# ours{ENTRY}".rstrip())
    assert [each.reason for each in read_known(path)] == ["new cache", "again"]


def test_several_may_add_at_once(tmp_path):
    """No entry is torn or lost."""
    path = tmp_path / "known-changes.toml"
    found = shifts(course_of(stepped(180, 210)))
    threads = [
        threading.Thread(target=add_known, args=(path, found, f"reason {number}"))
        for number in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(each.reason for each in read_known(path)) == sorted(
        f"reason {number}" for number in range(16)
    )


def test_without_a_file_nothing_is_known(tmp_path):
    """Which is how everybody begins."""
    assert read_known(tmp_path / "known-changes.toml") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[[change]", "is no TOML", id="torn"),
        pytest.param("\x00", "is no TOML", id="no text"),
        pytest.param("change = 5", "other than", id="no list"),
        pytest.param("[[changes]]", "other than", id="typing error"),
        pytest.param("change = [5]", "change 1: its values", id="no table"),
        pytest.param(ENTRY.replace('run = "run-030"', "run = 30"), "texts in quotes", id="number"),
        pytest.param(ENTRY.replace("reason", "why"), "change 1 lacks its reason", id="missing"),
        pytest.param(ENTRY + 'since = "x"', "'since' is not known", id="unknown key"),
        pytest.param(ENTRY.replace("2023-11-16T04:13:20Z", "2023-11-16T04:13"), "no moment",
                     id="no zone"),
        pytest.param(ENTRY.replace("2023-11-16T04:13:20Z", "soon"), "no moment", id="no time"),
        pytest.param(ENTRY.replace("new cache", ""), "lacks its reason", id="no reason"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_acknowledges_nothing(tmp_path, text, message):
    """It stops the command and names the file."""
    path = tmp_path / "known-changes.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        read_known(path)

    assert str(path) in str(caught.value)


def test_a_file_that_cannot_be_read_or_written_is_named(tmp_path):
    """A folder of that name is neither."""
    with pytest.raises(UsageError, match="cannot be read"):
        read_known(tmp_path)
    with pytest.raises(UsageError, match="cannot be written"):
        add_known(tmp_path, shifts(course_of(stepped(180, 210))), "x")


def test_it_lies_beside_the_specs(tmp_path):
    """In their folder, or that of the first file that is named."""
    (tmp_path / "checks").mkdir()
    (tmp_path / "a.yaml").touch()
    folder = tmp_path / "slo"

    assert place_of([], folder) == folder / "known-changes.toml"
    assert place_of([tmp_path / "a.yaml"], folder) == tmp_path / "known-changes.toml"
    assert place_of([tmp_path / "checks"], folder) == tmp_path / "checks" / "known-changes.toml"
