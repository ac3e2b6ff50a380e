"""The version of this program, as a literal: looking it up in what is installed would take longer than all of Python's
own start.

Contract: equals the version in `pyproject.toml`, to which a test holds it; imports nothing.
"""

__all__ = ["VERSION"]

VERSION = "0.1.0"
