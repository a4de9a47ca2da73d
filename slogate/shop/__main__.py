"""The door of `python -m slogate.shop`."""

from __future__ import annotations

import sys

from slogate.shop.options import read_options
from slogate.shop.service import serve

if __name__ == "__main__":
    sys.exit(serve(read_options(sys.argv[1:])))
