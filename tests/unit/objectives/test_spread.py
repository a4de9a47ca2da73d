"""No way of placing requests whose batch is not known makes batches more unlike than the worst."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from slogate.model.evidence import BATCHES, Batch, Evidence
from slogate.objectives._spread import in_one, mixtures, most_unlike

durations = st.lists(st.integers(0, 300), max_size=4)
LIMITS = st.sampled_from([20, 100, 200, 290])


@st.composite
def placed(draw):
    """Durations that lie in each batch for sure, and those across each border with their side."""
    certain = [draw(durations) for _ in range(BATCHES)]
    across = [
        [(us, draw(st.booleans())) for us in draw(durations)] for _ in range(BATCHES - 1)
    ]  # fmt: skip
    if not any(certain) and not any(across):
        certain[0] = [1]
    return certain, across


def batch(found, limit):
    """The durations as a batch: bad is over the limit."""
    return Batch(total=len(found), bad=sum(us > limit for us in found), sum_us=sum(found))


def known(certain, across, limit=100):
    """The evidence: what lies across a border is counted in the batch before."""
    sides = [[us for us, _ in found] for found in across]
    batches = [batch(sure + side, limit) for sure, side in zip(certain, [*sides, []], strict=True)]
    borders = [
        tuple(batch([us for us in found if (us > limit) is bad], limit) for bad in (False, True))
        for found in sides
    ]
    return Evidence(batches=tuple(batches), borders=tuple(borders))


def truth(certain, across, limit=100):
    """The batches with each request where it really was."""
    found = [list(sure) for sure in certain]
    for at, border in enumerate(across):
        for us, after in border:
            found[at + after].append(us)
    return [batch(each, limit) for each in found]


def squares(batches, above):
    """The sum of the squared residuals of the ratio of sums."""
    total, over = sum(b.total for b in batches), sum(map(above, batches))
    return sum((total * above(b) - over * b.total) ** 2 for b in batches)


@given(placed())
def test_no_truth_has_batches_more_unlike_in_their_shares(data):
    """Good ones on one side and bad ones on the other is the worst."""
    actual = most_unlike(known(*data), None)

    def bad(one):
        return one.bad

    assert squares(actual.batches, bad) >= squares(truth(*data), bad)
    assert (actual.total, actual.bad) == (known(*data).total, known(*data).bad)


@given(placed(), LIMITS, st.lists(st.booleans(), min_size=BATCHES, max_size=BATCHES))
def test_no_truth_has_batches_more_unlike_in_their_means(data, limit, flips):
    """Only counts and sums on both sides of the limit are known, and that is enough.

    Nothing is worse than all that is over the mean on one side, and the rest on the other.
    """
    certain, across = data
    mean = Fraction(known(*data).sum_us, known(*data).total)
    sides = [
        [(us, (us > mean) is flip) for us, _ in found]
        for found, flip in zip(across, flips, strict=False)
    ]
    data = certain, sides
    actual = most_unlike(known(*data, limit), Fraction(limit))

    def us(one):
        return one.sum_us

    assert squares(actual.batches, us) >= squares(truth(*data), us)
    assert (actual.total, actual.sum_us) == (known(*data).total, known(*data).sum_us)
    assert all(one.total >= 0 and one.sum_us >= 0 for one in actual.batches)
    assert not any(one.sum_us for one in actual.batches if not one.total)


@given(placed())
def test_one_batch_and_mixtures_keep_every_request(data):
    """They are told apart, never lost."""
    evidence = known(*data)
    found = mixtures(evidence, evidence)

    assert in_one(evidence).batches[0].total == evidence.total
    assert {each.batches for each in found} == {evidence.batches}
    assert {each.borders for each in found} == {evidence.borders}
