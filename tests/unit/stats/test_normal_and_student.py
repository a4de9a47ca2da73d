"""Quantiles of the normal and of Student's t distribution, against SciPy."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import special

from slogate.stats.normal import normal_quantile
from slogate.stats.student import student_quantile

probabilities = st.one_of(
    st.floats(1e-9, 1 - 1e-9),
    st.floats(-9, -0.01).map(lambda e: 10.0**e),
    st.floats(-9, -0.01).map(lambda e: 1 - 10.0**e),
)


@given(probability=probabilities)
@example(probability=1e-9)
@example(probability=1 - 1e-9)
@example(probability=0.975)
def test_normal_quantile_equals_scipy(probability):
    """The z is SciPy's within 1e-10 from 1e-9 to 1 - 1e-9."""
    assert abs(normal_quantile(probability) - special.ndtri(probability)) < 1e-10


@given(probability=probabilities, df=st.one_of(st.integers(1, 50), st.floats(1, 1e6)))
@example(probability=0.95, df=9)
@example(probability=1e-9, df=1)
@example(probability=0.5 + 1e-9, df=9)
@example(probability=0.95, df=1e6)
def test_student_quantile_equals_scipy(probability, df):
    """The t is SciPy's within 1e-10, relative where t is large."""
    expected = float(special.stdtrit(df, probability))

    assert abs(student_quantile(probability, df) - expected) < 1e-10 * max(1.0, abs(expected))


def test_known_values():
    """The tables' values for 95% and for nine degrees of freedom."""
    assert normal_quantile(0.95) == pytest.approx(1.6448536269514722, abs=1e-14)
    assert student_quantile(0.95, 9) == pytest.approx(1.8331129326562388, abs=1e-13)
    assert student_quantile(0.75, 1) == pytest.approx(1.0, abs=1e-14)


@given(probability=st.floats(1e-9, 0.5))
def test_quantiles_are_odd(probability):
    """The upper half mirrors the lower one, and the middle is exactly 0."""
    mirrored = 1.0 - probability
    again = 1.0 - mirrored

    assert normal_quantile(mirrored) == -normal_quantile(again)
    assert student_quantile(mirrored, 9) == -student_quantile(again, 9)
    assert normal_quantile(0.5) == student_quantile(0.5, 9) == 0.0


@pytest.mark.parametrize("wrong", [0.0, 1.0, -0.5, float("nan")])
def test_probabilities_out_of_range_are_refused(wrong):
    """There is no quantile at or beyond the ends."""
    for call in (normal_quantile, lambda p: student_quantile(p, 9)):
        with pytest.raises(ValueError, match="between 0 and 1"):
            call(wrong)


@pytest.mark.parametrize("wrong", [0, 0.5, float("nan")])
def test_too_few_degrees_of_freedom_are_refused(wrong):
    """Student's t needs one degree of freedom."""
    with pytest.raises(ValueError, match="one degree of freedom"):
        student_quantile(0.95, wrong)


def test_the_judge_imports_no_numerical_library():
    """Loading every room of the statistics leaves NumPy, SciPy and `statistics` unloaded."""
    code = (
        "import sys, slogate.stats.mean, slogate.stats.quantile, slogate.stats.run_length;"
        "print(sorted({'numpy', 'scipy', 'statistics'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
