"""The bench: how fast a replay is and how much memory it takes, as ratios measured side by side in one run.

Contract: measures and prints, never asserts; no test looks at a clock. What is compared runs alternately, in processes
of its own where a process is what is measured, and medians stand between the smallest and the largest, because a shared
machine drifts. `make bench` runs all of it, `make bench ARGS="--only version"` one figure; docs/performance.md explains
the figures and keeps some.

- `measure`: times, ratios, peaks of memory, and a figure with its goal
- `inside`, `outside`: what is measured in this process, and of whole ones
- `figures`: all of it by name
- `crowd`: as many minds as a measurement wants, offered as plug-ins are
- `world`: a drawn market on disk, of any size
- `pandas_signals`, `pandas_columns`, `pandas_windows`: the signals once more in pandas, as whole columns
- `others`: the same day in other backtesters
"""
