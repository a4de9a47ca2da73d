"""What the shop sells, and the arithmetic of a basket.

The shop keeps no state between requests: a basket is the list of item numbers that the client
sends. Unknown numbers and baskets of a wrong shape are refused with `BadRequest`.
"""

from __future__ import annotations

from dataclasses import dataclass

LARGEST_BASKET = 100


class BadRequest(Exception):
    """The client sent something that cannot be answered; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing for sale; prices are whole cents."""

    number: int
    name: str
    price_cents: int

    def as_json(self) -> dict[str, object]:
        """Give the item as its JSON object."""
        return {"number": self.number, "name": self.name, "price_cents": self.price_cents}


ITEMS = (
    Item(number=1, name="coffee beans", price_cents=1_250),
    Item(number=2, name="hand grinder", price_cents=8_900),
    Item(number=3, name="paper filters", price_cents=490),
    Item(number=4, name="gooseneck kettle", price_cents=6_400),
    Item(number=5, name="kitchen scale", price_cents=3_950),
    Item(number=6, name="espresso cup", price_cents=780),
    Item(number=7, name="milk jug", price_cents=1_990),
    Item(number=8, name="tea sampler", price_cents=1_600),
    Item(number=9, name="cast-iron teapot", price_cents=5_200),
    Item(number=10, name="travel mug", price_cents=2_450),
    Item(number=11, name="cold-brew bottle", price_cents=2_800),
    Item(number=12, name="cleaning brush", price_cents=350),
)
_BY_NUMBER = {item.number: item for item in ITEMS}


def matching(words: str) -> list[Item]:
    """List the items whose name holds every one of the words."""
    wanted = words.lower().split()
    return [item for item in ITEMS if all(word in item.name for word in wanted)]


def basket(numbers: object) -> dict[str, object]:
    """Price a list of item numbers; raise BadRequest where it is no such list."""
    if not isinstance(numbers, list) or len(numbers) > LARGEST_BASKET:
        raise BadRequest(f"items must be a list of at most {LARGEST_BASKET} item numbers")
    lines = [_item(number) for number in numbers]
    total = sum(item.price_cents for item in lines)
    return {"items": [item.as_json() for item in lines], "total_cents": total}


def _item(number: object) -> Item:
    if type(number) is not int or number not in _BY_NUMBER:
        raise BadRequest(f"there is no item {number!r}; items are 1 to {len(ITEMS)}")
    return _BY_NUMBER[number]
