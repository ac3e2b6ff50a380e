"""What kind of day it is: score, labels with hysteresis, path and status, computed from the past only.

Contract: imports only `engine`. A reading whose signals are missing says so (status `degraded`); it never fills the
gap.
"""
