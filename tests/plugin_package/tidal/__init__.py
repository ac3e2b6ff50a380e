"""Prices as tides: how far the water stands from where it usually stands, and whether it is coming in."""
