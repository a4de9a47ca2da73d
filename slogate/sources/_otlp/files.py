"""A file of OTLP → chunks: message by message, with the place of what was bad.

The formats cut the file into messages; here each is taken, its bad parts get its line, and
what cannot be told apart becomes an error with a hint. A file in which there is no OTLP is
refused, and so is one that would count requests twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from slogate.errors import SourceError
from slogate.sources._base import DAMAGED, BadRow, Chunk, Origin, damaged
from slogate.sources._otlp.documents import uncollected
from slogate.sources._otlp.increases import MOST_IN_FILE, Crowded
from slogate.sources._otlp.semantics import word
from slogate.sources._otlp.settings import settings
from slogate.sources._otlp.telemetry import Losses, Malformed
from slogate.sources._otlp.translate import OTHER_METRICS, Ambiguous, Translator

SHOWN = 5
MEMORY = "otlp"
_FEWER = (
    "import a part of it at a time: one service of several, some of the processes, or fewer labels"
)
NO_OUTCOME = (
    "a status or an error.type: what is not known to be a success is a failure; if only "
    "successes are counted, say --option ok=true, or judge durations with `failures: measured`"
)


class Message(NamedTuple):
    """A message at a line (None: lines mean nothing) or byte; `rows` of it are bad if it is.

    `take` answers False where it has not taken anything, and is followed by others for the same.
    """

    line: int | None
    at: int | None
    take: Callable[[Translator], bool | None]
    rows: Callable[[], int] = lambda: 1


def failing(reason: str) -> Callable[[Translator], None]:
    """To be taken where there is no message: it is bad for that reason."""

    def fail(_: Translator) -> None:
        raise Malformed(reason)

    return fail


def translated(origin: Origin, messages: Callable[[], Iterator[Message]]) -> Iterator[Chunk]:
    """The chunks of a file; SourceError if it cannot be used."""
    try:
        chosen = settings(origin.options)
    except ValueError as error:
        raise origin.fail(str(error)) from None
    if origin.first_line > 1:
        # what was in front of this piece is imported already
        chosen = replace(chosen, first="skip")
    translator = origin.memory.setdefault(MEMORY, Translator(chosen))
    translator.increases.most = MOST_IN_FILE
    return _translated(origin, messages(), translator)


def _translated(
    origin: Origin, messages: Iterator[Message], translator: Translator
) -> Iterator[Chunk]:
    left_out: Counter[str] = Counter()
    found, first = False, None
    try:
        for message in messages:
            is_otlp = _taken(origin, translator, message)
            losses, found = translator.losses, found or is_otlp
            left_out += losses.left_out
            if losses.bad:
                shown = _shown(message, losses)
                first = first or shown[0]
                yield Chunk(rows=None, bad=losses.bad, shown=shown)
            yield from translator.chunks()
    except DAMAGED as error:
        if isinstance(error, SourceError):
            raise
        raise damaged(origin, error) from None
    if not found:
        line, why = (first.line, first.reason) if first else (None, "it holds no message")
        within = "what is within another object is taken out so: jq -c .trace FILE > LINES"
        hint = within if b'"resource' in origin.head else None
        raise origin.fail(f"there is no OTLP in it: {why}", line=line, hint=hint)
    yield from translator.chunks(final=True)
    if seen := list(translator.seen):
        names = ", ".join(seen[:5]) + (", …" if len(seen) > 5 else "")
        left_out[f"{OTHER_METRICS} ({names})"] = left_out.pop(OTHER_METRICS, 0)
    yield Chunk(rows=None, left_out=+left_out, notes=_notes(origin, translator))


def _notes(origin: Origin, translator: Translator) -> tuple[str, ...]:
    sampled = translator.requests.sampled
    translator.requests.sampled = 0
    unknown, translator.outcomes.unknown = list(translator.outcomes.unknown), {}
    told = []
    if sampled:
        told.append(f"not all requests are in it: the traces of {sampled:,} were sampled")
    if unknown:
        names = ", ".join(map(word, unknown[:5])) + (", …" if len(unknown) > 5 else "")
        told.append(f"no point of {names} tells {NO_OUTCOME}")
    return tuple(f"{origin.name}: {what}" for what in told)


def _taken(origin: Origin, translator: Translator, message: Message) -> bool:
    """Take one message; whether it is one, whatever was lost of it."""
    translator.losses = losses = Losses()
    try:
        with uncollected():
            return message.take(translator) is not False
    except Malformed as error:
        losses.bad[str(error)] += message.rows()
        return translator.waiting > 0
    except Ambiguous as error:
        raise origin.fail(str(error), line=message.line, hint=error.hint) from None
    except Crowded as error:
        raise origin.fail(str(error), line=message.line, hint=_FEWER) from None


def _shown(message: Message, losses: Losses) -> tuple[BadRow, ...]:
    where = "" if message.at is None else f" (in the message at byte {message.at:,})"
    reasons = list(losses.bad)[:SHOWN]
    return tuple(BadRow(line=message.line, reason=f"{reason}{where}") for reason in reasons)
