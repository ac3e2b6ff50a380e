"""Worlds as data: scenario files, their loader and the seeded market generator.

Contract: imports only `regimes` and `engine`. The same file and seed always give the same bars.
"""
