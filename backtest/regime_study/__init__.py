"""The regime study: what regime models have been worth on history, model beside model.

Contract: descriptions of the past, for people; nothing here feeds a model, a claim or a mind. Bull and bear markets are
dated with hindsight, so each turning point carries the session on which it became known, and no model sees either.
Numbers are functions of the market and the models alone: no clock, no random draw.

- `dating`: bull and bear markets of a price (Lunde & Timmermann)
- `measures`: how well off-states match bear markets: accuracy, delay, misses, false alarms, flips
- `outlook`: what followed a label: next day, volatility, losses
- `warning`: what the stale detector was worth
- `study`: runs the models over a market, session by session
- `report`: all of it as one document, with the goals
- `picture`: price, labels, alerts and stale spans (needs matplotlib)
- `docs`: writes the measured part of docs/regimes.md
"""
