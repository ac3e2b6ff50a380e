"""What it was worth: replay of a date range through the daily cycle, settlement, metrics and the run record.

Contract: imports everything below `desk`. Equal inputs give equal bytes; nothing published at t depends on a bar
after t.
"""
