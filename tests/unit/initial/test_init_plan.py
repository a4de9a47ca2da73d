"""The files that `slogate init` plans: what they are made from, and that nothing is overwritten."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from slogate.errors import SourceError, UsageError
from slogate.initial.found import look
from slogate.initial.keeping import taken, write
from slogate.initial.locustfiles import read_locustfile
from slogate.initial.measured import measure
from slogate.initial.settled import Planned
from slogate.initial.survey import forges, main_branch, service_name

NOW = 1_764_100_000_000_000
OPENAPI = "openapi: 3.0.0\npaths: {}\n"
LINE = '10.0.0.1 - - [05/Mar/2026:10:00:{:02d} +0000] "GET {} HTTP/1.1" {} 5 "-" "x" {:.3f}\n'


def log(folder: Path, *lines: tuple[str, int, float]) -> Path:
    """An access log of nginx with a response time at the end of each line."""
    path = folder / "access.log"
    path.write_text("".join(LINE.format(n % 60, *line) for n, line in enumerate(lines)))
    return path


def test_observed_by_template(tmp_path):
    """Ids of a log go to the template of the description; a failure is slower than any."""
    rows = [("/o/1", 200, 0.010)] * 90 + [("/o/2", 200, 0.020)] * 8 + [("/o/3", 500, 0.001)] * 2
    path = log(tmp_path, *rows, ("/other", 200, 0.5))

    found = measure(path, "access.log", NOW, ["GET /o/{id}", "GET /o/new"])

    orders = found.endpoints["GET /o/{id}"]
    assert (orders.requests, orders.failed) == (100, 2)
    assert (orders.p95_us, orders.p99_us) == (20_000, None)
    assert list(found.endpoints) == ["GET /o/{id}", "GET /other"]
    assert found.whole.requests == found.requests == 101


def test_what_no_spec_can_name_gets_no_budget(tmp_path):
    """Names with control characters, marks of direction or of ten kilobytes are only counted."""
    names = ["/a", "/\u202eb", "/" + "n" * 10_000]
    rows = "".join(f"{NOW // 1000 + n},20,{names[n % 3]},200,true\n" for n in range(30))
    (tmp_path / "r.jtl").write_text("timeStamp,elapsed,label,responseCode,success\n" + rows)

    found = measure(tmp_path / "r.jtl", "r.jtl", NOW, [])

    assert (list(found.endpoints), found.requests) == (["/a"], 30)


def test_log_without_times(tmp_path):
    """Requests without a response time are counted, and give no percentile."""
    path = tmp_path / "access.log"
    path.write_text("".join(LINE.format(n, "/a", 500 if n < 2 else 200, 0).rpartition(" ")[0] + "\n"
                            for n in range(40)))  # fmt: skip

    found = measure(path, "access.log", NOW, []).endpoints["GET /a"]

    assert (found.requests, found.failed, found.p95_us) == (40, 2, None)


def test_locustfile_is_read_not_run(tmp_path):
    """Names of requests and the host are found in the text; f-strings have a star."""
    path = tmp_path / "l.py"
    path.write_text(
        "from locust import HttpUser\nraise SystemExit\nclass A(HttpUser):\n"
        "    host = 'http://a.test/'\n    def t(self):\n"
        "        self.client.get('/a?q=1', name='/a')\n"
        "        self.client.post(f'/b/{self.x}')\n        self.client.get(name)\n"
        "        self.client.get(f'{x}')\n        requests.get('/no')\n"
    )

    found = read_locustfile(path, "l.py")

    assert found.endpoints == ("GET /a", "POST /b/*")
    assert found.host == "http://a.test"


@pytest.mark.parametrize("text", ["def (", "\0", "(" * 5_000])
def test_locustfile_that_is_no_python(tmp_path, text):
    """One sentence with the file's name."""
    (tmp_path / "l.py").write_text(text)

    with pytest.raises(SourceError, match=r"l\.py.*no Python"):
        read_locustfile(tmp_path / "l.py", "l.py")


def test_look_finds_each_kind_and_leaves_the_rest(tmp_path):
    """Names and heads decide; installed packages, hidden folders and links are not entered."""
    files = {
        "docs/api.yaml": OPENAPI, "other.yaml": "a: 1\n",
        "tests/load/locustfile.py": "from locust import task\n", "app.py": "import flask\n",
        "perf/k6.js": "import http from 'k6/http';\n", "app.js": "import x from 'y';\n",
        "node_modules/a/openapi.yaml": OPENAPI, ".hidden/openapi.yaml": OPENAPI,
        ".venv/locustfile.py": "import locust\n", "mine/pyvenv.cfg": "",
        "mine/locustfile.py": "import locust\n", "package.json": "{}", "notes.txt": "openapi: 3\n",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    log(tmp_path, ("/a", 200, 0.1), ("/a", 200, 0.1))
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)

    found = look(tmp_path, [])

    assert [str(each) for each in found.descriptions] == ["docs/api.yaml"]
    assert [str(each) for each in found.locustfiles] == ["tests/load/locustfile.py"]
    assert [str(each) for each in found.scripts] == ["perf/k6.js"]
    assert [str(each) for each in found.measured] == ["access.log"]


@pytest.mark.parametrize(("name", "content"), [("gone.yaml", None), ("a.yaml", "a: 1\n")])
def test_given_file_that_is_nothing_to_begin_from(tmp_path, name, content):
    """What people name must be something; it is no silence."""
    if content is not None:
        (tmp_path / name).write_text(content)

    with pytest.raises(UsageError, match=name):
        look(tmp_path, [tmp_path / name])


def planned(*names: str) -> list[Planned]:
    """Files to write."""
    return [Planned(path=Path(name), text="new\n", what="") for name in names]


def test_nothing_is_overwritten(tmp_path):
    """A file, a link to nowhere, and another spec or load test stand in the way."""
    (tmp_path / "slo").mkdir()
    (tmp_path / "slo/a.yml").touch()
    (tmp_path / "slogate.toml").symlink_to("nowhere")
    (tmp_path / "loadtests").mkdir()
    (tmp_path / "loadtests/_part.py").touch()

    assert taken(tmp_path, Path("slo/b.yaml")) == Path("slo/a.yml")
    assert taken(tmp_path, Path("slogate.toml")) == Path("slogate.toml")
    assert taken(tmp_path, Path("loadtests/locustfile.py")) is None
    with pytest.raises(UsageError, match=r"slogate\.toml cannot be written"):
        write(tmp_path, planned("x/y/new.txt", "slogate.toml"))
    assert not (tmp_path / "x").exists()
    assert not (tmp_path / "nowhere").exists()


def test_a_file_where_a_folder_belongs(tmp_path):
    """The folder cannot be made; what was written is taken away again."""
    (tmp_path / "slo").touch()

    with pytest.raises(UsageError, match=r"slo/b\.yaml cannot be written"):
        write(tmp_path, planned("a.txt", "slo/b.yaml"))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["slo"]


def test_forge_and_branch_come_from_the_clone(tmp_path):
    """The remote tells which CI, its head which branch; without one, nobody knows."""
    assert (forges(tmp_path), main_branch(tmp_path)) == ([], "main")

    (tmp_path / ".git/refs/remotes/origin").mkdir(parents=True)
    (tmp_path / ".git/config").write_text('[remote "origin"]\n\turl = git@gitlab.test:a/b.git\n')
    (tmp_path / ".git/refs/remotes/origin/HEAD").write_text("ref: refs/remotes/origin/trunk\n")

    assert (forges(tmp_path), main_branch(tmp_path)) == (["gitlab"], "trunk")


def test_service_has_the_name_of_its_folder(tmp_path):
    """Without a description that has a title."""
    (tmp_path / "My Shop API").mkdir()

    assert service_name(tmp_path / "My Shop API", None) == "my-shop"


def test_names_that_are_no_text_are_not_begun_from(tmp_path):
    """A file whose name is no UTF-8 is passed over, and refused where it is named."""
    odd = tmp_path / os.fsdecode(b"l\xff.py")
    odd.write_text("import locust\n")

    assert look(tmp_path, []).locustfiles == []
    with pytest.raises(UsageError, match="is no UTF-8"):
        look(tmp_path, [odd])


def test_looking_unpacks_no_more_than_the_beginning(tmp_path):
    """A packed log is known by its first lines, though what follows is damaged."""
    whole = gzip.compress(
        "".join(LINE.format(n % 60, "/a", 200, 0.1) for n in range(9_000)).encode()
    )
    (tmp_path / "access.log.gz").write_bytes(whole[:-2_000])

    assert [str(each) for each in look(tmp_path, []).measured] == ["access.log.gz"]
    with pytest.raises(SourceError, match=r"access\.log\.gz"):
        measure(tmp_path / "access.log.gz", "access.log.gz", NOW, [])
