"""Guards: what a model says is examined before a reader sees it, and filled with figures by code.

Contract: `examine` asks for positive grounding: an answer passes only when it says which way the view points, cites
facts of its pack, ties every figure to the thing that it measures, and holds nothing that no fact bears out. It returns
texts with placeholders unfilled, so that what was said can be examined again against another day's pack. It never
raises on anything a model can write, and never repairs a text.

- `reply`: from raw answer to fields
- `letters`: characters, sentences, language
- `numbers`: digits in words, units, signs, dates
- `ground`: placeholders and citations; whom and what a figure belongs to
- `windows`: which stretch of time it covers
- `direction`, `moves`, `opposites`: which way it moved, and what it is taken to mean
- `names`: tickers, names, sources, events that no fact knows
- `stance`: the view's side, and voices that are not a mind's
- `repeat`: repetition, and echoes of the prompt
- `fill`: placeholders to figures
"""

from minds.llm.guard.examine import examine, examine_again
from minds.llm.guard.fault import Fault, FaultKind, Rejected, Said
from minds.llm.guard.fill import fill

__all__ = ["Fault", "FaultKind", "Rejected", "Said", "examine", "examine_again", "fill"]
