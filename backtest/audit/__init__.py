"""The audit: does anything that is published know more than it should, or remember what it should not?

Contract: minds, signals and regime models are run over histories that differ only where the answer must not, and every
answer that moves is reported with who moved, when, by how much, and the bar that moved it. Nothing is judged by reading
code. Import-light, because the worker process changes its clock before anything else is loaded.

- `subject`: who is audited, made anew for each run
- `seen`: one run over one history, and all that came out of it
- `compare`: two runs, and what moved between them
- `futures`: histories that agree up to a session and differ after it
- `trial`: one history against the whole one, and who is to blame
- `peeks`: all invented futures after some sessions, also where the present is full of troubles
- `bar`: the one bar that moved an answer
- `memory`, `worker`, `clock`, `reach`: what outlives a run or comes from outside: state, clock, chance, files
- `shift`: other dates, other price scales
- `warm_up`: how much history an answer needs before it stays what it is
- `findings`: what is reported, in data and in sentences
- `audit`: all of it
"""
