"""Guards a function against what comes through it, at no cost to a call that ends well.

A wrapper costs every call a frame and a copy of its arguments. Python's own handlers cost nothing
until something is raised, so the function is compiled anew from its source with its body in a
`try`: at its own lines, in its own module. A function that would not be the same (no source, a
decorator, a closure, private names of its class) is wrapped.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
import textwrap
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

Watch = Callable[[BaseException], None]
_WATCH = "_slogate_watch"
_HANDLER = f"try: pass\nexcept BaseException:\n    {_WATCH}()\n    raise"


def guarded(function: Callable[..., Any], watch: Watch) -> tuple[Callable[..., Any], CodeType]:
    """The function, and the code of the frame that has its locals.

    `watch` is called with what comes through it and is no `Exception`, which then goes on.
    """

    def watched() -> None:
        reason = sys.exc_info()[1]
        if reason is not None and not isinstance(reason, Exception):
            watch(reason)

    try:
        twin = _twin(function, watched)
    except Exception:  # noqa: BLE001 (of a Locust that nobody has seen yet)
        twin = None
    if twin is None:
        return _wrapped(function, watched), function.__code__
    return functools.update_wrapper(twin, function), twin.__code__


def _twin(function: Callable[..., Any], watched: Callable[[], None]) -> FunctionType | None:
    """The same function with its body in a `try`; None if it would not be the same."""
    if not isinstance(function, FunctionType) or function.__code__.co_freevars:
        return None
    lines, first = inspect.getsourcelines(function)
    (made,) = ast.parse(textwrap.dedent("".join(lines))).body
    names = {getattr(each, "attr", getattr(each, "id", "")) for each in ast.walk(made)}
    private = any(name.startswith("__") and not name.endswith("__") for name in names)
    if not isinstance(made, ast.FunctionDef) or made.decorator_list or private:
        return None
    (handler,) = ast.parse(_HANDLER).body
    for each in ast.walk(handler):
        ast.copy_location(each, made)
    assert isinstance(handler, ast.Try)
    handler.body, made.body = made.body, [handler]
    ast.increment_lineno(made, first - 1)
    code = _code(made, function.__code__.co_filename)
    (around,) = (each for each in code.co_consts if isinstance(each, CodeType))
    twin = FunctionType(around, function.__globals__)(watched)
    twin.__defaults__, twin.__kwdefaults__ = function.__defaults__, function.__kwdefaults__
    return twin if isinstance(twin, FunctionType) else None


def _code(made: ast.FunctionDef, file: str) -> CodeType:
    """A module of one function, which returns the given one: so that its handler is at hand."""
    made.returns, made.args.defaults = None, []
    made.args.kw_defaults = [None for _ in made.args.kwonlyargs]
    for each in ast.walk(made.args):
        if isinstance(each, ast.arg):
            each.annotation = None
    module = ast.parse(f"def around({_WATCH}): pass")
    around = module.body[0]
    assert isinstance(around, ast.FunctionDef)
    around.body = [made, ast.Return(ast.Name(made.name, ast.Load()))]
    return compile(ast.fix_missing_locations(module), file, "exec", dont_inherit=True)


def _wrapped(function: Callable[..., Any], watched: Callable[[], None]) -> Callable[..., Any]:
    @functools.wraps(function)
    def called(*arguments: Any, **keywords: Any) -> Any:
        try:
            return function(*arguments, **keywords)
        except BaseException:
            watched()
            raise

    return called
