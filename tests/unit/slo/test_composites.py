"""`composites:` of specs: what they name, what they refuse, and that nothing of them is lost."""

from __future__ import annotations

from fractions import Fraction

import pytest

from slogate.errors import SpecError
from slogate.slo.convert import native_to_openslo, openslo_to_native
from slogate.slo.load import load_specs
from slogate.slo.openslo.read import read_documents

SHOP = """slogate: 1
service: shop
slos:
  - {name: ok, good: ok, objective: 99%, window: 28d}
  - {name: fast, good: duration <= 1s, objective: 99%, window: 28d, min_events: 50}
"""
CART = "slogate: 1\nservice: cart\nslos: [{name: a/b, good: ok, objective: 99%, window: 7d}]\n"
INDICATOR = """  - name: asked
    indicator:
      raw: {type: prometheus, spec: {query: x}}
      raw_type: success
    objective: 99%
    window: 28d
"""


def composite(of: str, **keys: str) -> str:
    """One composite."""
    more = "".join(f", {key}: {value}" for key, value in keys.items())
    return f"composites:\n  - {{name: all, of: {of}, objective: 99%, window: 28d{more}}}\n"


def faults(text: str, *others: tuple[str, str]) -> list[str]:
    """What is wrong, without its place."""
    with pytest.raises(SpecError) as caught:
        load_specs([("shop.yaml", text), *others])
    return [fault.message for fault in caught.value.faults]


def test_slos_are_found_in_the_own_service_and_in_others():
    """By their names, with a slash in them too; weights are exact."""
    text = SHOP + composite("[{slo: fast, weight: 0.3}, {slo: cart/a/b}]")

    shop, _ = load_specs([("shop.yaml", text), ("cart.yaml", CART)])

    [it] = shop.composites
    assert [(part.name, part.service, part.weight) for part in it.components] == [
        ("shop/fast", "shop", Fraction(3, 10)), ("cart/a/b", "cart", Fraction(1)),
    ]  # fmt: skip
    assert it.components[0].min_events == 50
    assert it.id == "shop/all/28d"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SHOP + composite("[{slo: oke}]"), "there is no slo 'oke'"),
        (SHOP + composite("[{slo: cart/a/b}]"), "there is no slo 'cart/a/b'"),
        (SHOP + composite("[{slo: ok}, {slo: shop/ok}]"), "'shop/ok' is named twice"),
        (
            SHOP + composite("[{slo: all}]"),
            "'all' cannot be part of a composite: it is a composite itself",
        ),
        (
            SHOP + INDICATOR + composite("[{slo: asked}]"),
            (
                "'asked' cannot be part of a composite: its events are kept by a server, "
                "and composites are of what is stored"
            ),
        ),
        (SHOP + composite("[{slo: ok, weight: 0}]"), "'0' is not a number over 0"),
        (SHOP + composite("[{slo: ok, weight: -1}]"), "'-1' is not a number over 0"),
        (SHOP + composite("[]"), "is empty"),
        (SHOP + composite("[{slo: ok}]", alerts="google"), "unknown key 'alerts'"),
        (SHOP + composite("[{slo: ok}]", slice="1m"), "'slice' has no meaning with occurrences"),
        (SHOP + composite("[{slo: ok}]").replace("all", "ok"), "the name 'ok' is already taken"),
    ],
)
def test_what_a_composite_cannot_mean_is_refused(text, said):
    """Cycles and composites of composites too."""
    assert any(said in message for message in faults(text)), faults(text)


def test_they_come_back_from_openslo():
    """Kept in an annotation, though what they name is in files that are not there."""
    text = SHOP + composite("[{slo: ok, weight: 2}, {slo: cart/a/b}]", budgeting="occurrences")
    there = native_to_openslo([("shop.yaml", text)])
    documents = read_documents([("o.yaml", there.texts["openslo"])], profile="lenient")
    back = openslo_to_native(documents)

    [shop] = load_specs([("shop.yaml", back.texts["shop"])], join=False)
    [same] = load_specs([("shop.yaml", text)], join=False)
    assert [each.components for each in shop.composites] == [
        each.components for each in same.composites
    ]
    assert any("composites are kept in an annotation" in note for note in there.notes)
