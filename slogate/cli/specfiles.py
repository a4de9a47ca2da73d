"""Reads the spec files that a command was given, or those of `slo/`.

Text goes to `load` as it stands, line ends included, so that the hash in a verdict is the
file's. What is missing, no UTF-8 or far too large is said here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from slogate.errors import Fault, SpecError, UsageError

FOLDER = Path("slo")
ENDINGS = (".yaml", ".yml")
LARGEST = 4_000_000
HOW = "`slogate init` writes a first one; `slogate docs gate-a-service` tells how"


def read_specs(paths: Sequence[Path], *, recursive: bool = False) -> list[tuple[str, str]]:
    """(Path as given, text) of each file once; a folder stands for its YAML files.

    UsageError if a file is missing or there is none, SpecError if one is no UTF-8 text.
    """
    files = list(
        dict.fromkeys(file for path in paths or [FOLDER] for file in _files(path, recursive))
    )
    faults: list[Fault] = []
    texts = [(str(file), _text(file, faults)) for file in files]
    if faults:
        raise SpecError(faults)
    return texts


def _files(path: Path, recursive: bool) -> Iterator[Path]:
    if not path.exists():
        if path == FOLDER:
            above = next((each for each in Path.cwd().parents if (each / path).is_dir()), None)
            elsewhere = f"there is one in {above}; " if above else ""
            raise UsageError(
                f"there is no spec: no folder {path}/ in this directory",
                hint=f"{elsewhere}name the spec files, or put them into {path}/; {HOW}",
            )
        raise UsageError(f"there is no file {path}", hint="spec files are slo/*.yaml by default")
    if not path.is_dir():
        yield path
        return
    inside = path.rglob("*") if recursive else path.iterdir()
    found = sorted(file for file in inside if file.suffix in ENDINGS and file.is_file())
    if not found:
        raise UsageError(f"there is no spec: {path} holds no .yaml or .yml file", hint=HOW)
    yield from found


def _text(file: Path, faults: list[Fault]) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    if len(data) > LARGEST:
        faults.append(Fault(file=str(file), line=1, column=1, message="too large for a spec"))
        return ""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        hint = "save the file as UTF-8"
        faults.append(Fault(file=str(file), line=line, column=column, message=message, hint=hint))
        return ""
