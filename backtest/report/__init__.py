"""The report of a run: one HTML file that says what the run was worth, to somebody who distrusts backtests.

Contract: a function of the run's ledger, scores and `run.json`; no clock, no path, no network, so that equal runs give
equal bytes. It measures nothing that the scores do not state; the charts are the ledger's own columns.

- `page`: the whole file
- `answer`: the three sentences that it opens with
- `cards`, `layers`, `years`, `notes`, `wealth`: cards and tables, readable without JavaScript
- `charts`: a frame, a sentence and a table for each chart
- `study`: tests of many forecasters at once, on demand
- `series`: the columns that the browser draws, and the days that it opens
- `markup`: HTML in which everything from outside is escaped
"""
