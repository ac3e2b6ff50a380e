"""Opinions: the Mind protocol, its registry, the built-in minds, debate, synthesis, gates, essay and the daily cycle.

Contract: imports only `scenarios`, `regimes` and `engine`. A mind that cannot speak abstains with a reason; a failure
is never turned into a neutral view. This package is the one import surface for authors of minds.
"""
