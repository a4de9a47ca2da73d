from __future__ import annotations

import inspect
import traceback

import pytest

from slogate.recorders.locust.guarding import guarded

GIVEN = []


def plain(first, second="b", *others, named=3, **more):
    """Say what it was called with, or raise it."""
    if isinstance(first, BaseException):
        raise first
    return first, second, others, named, more, GIVEN


def around():
    outer = []

    def closure(first, second="b", *others, named=3, **more):
        if isinstance(first, BaseException):
            raise first
        return first, second, others, named, more, (outer and 0) or GIVEN

    return closure


class Client:
    """Has names of its own, which Python spells out."""

    __private = 3

    def request(self, first, second="b", *others, named=__private, **more):
        """As `plain`."""
        self.__seen = first
        if isinstance(first, BaseException):
            raise self.__seen
        return first, second, others, named, more, GIVEN


functions = pytest.mark.parametrize(
    ("function", "again"),
    [
        pytest.param(plain, True, id="compiled anew"),
        pytest.param(around(), False, id="a closure is wrapped"),
        pytest.param(
            lambda first, *others, **more: Client().request(first, *others, **more), False,
            id="no source of its own",
        ),
        pytest.param(Client().request, False, id="a method"),
    ],
)  # fmt: skip


@functions
def test_the_guarded_function_is_the_same(function, again):
    """It takes the same arguments, has the same defaults, and gives the same."""
    made, code = guarded(function, pytest.fail)

    assert (code is made.__code__) is again
    assert inspect.signature(made) == inspect.signature(function)
    assert (made.__name__, made.__doc__) == (function.__name__, function.__doc__)
    for args, named in (((1,), {}), ((1, 2, 3), {"named": 4, "z": 5})):
        assert made(*args, **named) == function(*args, **named)


@functions
@pytest.mark.parametrize(
    ("raised", "told"), [(ValueError("v"), 0), (KeyboardInterrupt(), 1), (GeneratorExit(), 1)]
)
def test_what_comes_through_is_told_and_goes_on(function, again, raised, told):
    """`Exception`s are none of its business; the traceback has the lines of the source."""
    seen = []
    made, code = guarded(function, seen.append)

    with pytest.raises(type(raised)) as caught:
        made(raised)

    assert caught.value is raised
    assert seen == [raised] * told
    steps = traceback.extract_tb(raised.__traceback__)
    assert code in [step.f_code for step, _ in traceback.walk_tb(raised.__traceback__)]
    assert (steps[-1].filename, steps[-1].line) in {
        (__file__, "raise first"),
        (__file__, "raise self.__seen"),
    }


def test_private_names_stay_what_they_are():
    """A function of a class with names that the class makes its own is wrapped."""
    made, code = guarded(Client.request, pytest.fail)

    assert code is Client.request.__code__
    assert made(Client(), 1) == (1, "b", (), 3, {}, GIVEN)
