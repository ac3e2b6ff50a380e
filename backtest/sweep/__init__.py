"""Sweeps: one backtest for every combination of a grid, many at a time, and what the best of so many is worth.

Contract: the same grid and data end in the same results, byte for byte, whatever the number of workers, where they run,
in which order they finish, and however often the sweep was interrupted. A cell that fails is a row of the results. No
best of N is told without N and without the chance that luck alone would look as good.
"""
