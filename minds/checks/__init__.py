"""Checks for minds: does this one keep the contract that the desk relies on?

Contract: a mind is asked over invented markets and nothing else; a failed check says in one sentence what was asked,
what came back on which session, and what to do. Nothing that a mind does here is recorded or stopped. In a test:

    import pytest
    from minds.checks import each_check
    from momentum_mind import Momentum

    @pytest.mark.parametrize("check", each_check(Momentum))
    def test_momentum(check):
        check()

`workshop minds check NAME` runs the same checks.
"""

from minds.checks.kit import Check, CheckFailed, CheckResult, each_check, run_checks

__all__ = ["Check", "CheckFailed", "CheckResult", "each_check", "run_checks"]
