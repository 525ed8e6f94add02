"""`python -m tests.strange.bot run`: the product as it is, with a registry that knows the strange system too."""

from __future__ import annotations

import sys

from bot import __main__ as product
from tests.strange import system

if __name__ == "__main__":
    with system.registered():
        sys.exit(product.main())
