"""Facts without opinions: calendar, bars, sources, snapshot, signals, claims, scoring and the ledger.

Contract: the lowest layer; imports none of the other packages. Bad input raises an error of `engine.errors`; nothing
here reads the clock or guesses a missing number.
"""
