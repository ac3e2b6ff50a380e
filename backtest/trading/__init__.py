"""What an account would have made of the calls: an optional view, never a headline.

Contract: positions come from what the record said on the day, are taken one session later, pay costs, and stand beside
buy-and-hold over the same days. Beside each Sharpe ratio stands how likely it is to be luck (`sharpe`) and how likely
the best of several was to be the best by chance (`overfit`). Nothing here moves a published number.
"""

from backtest.trading.account import Rule
from backtest.trading.view import ACCOUNTS, Curves, TradingView, trading_view

__all__ = ["ACCOUNTS", "Curves", "Rule", "TradingView", "trading_view"]
