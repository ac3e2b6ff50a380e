"""Signals: named causal numbers, computed once over whole columns and exact under truncation.

`windows` holds the arithmetic that makes exactness possible, `columns` the memoised inputs, `spec` what a signal is,
`table` the declared signals, `compute` the frame that a snapshot reads from.
"""
