"""Keeps a library's warnings out of what a failing law prints."""

from __future__ import annotations

import logging

# It warns at every start of a regime, which would bury the world.
logging.getLogger("transitions").setLevel(logging.ERROR)
