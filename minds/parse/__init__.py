"""Read an essay in the seed's form back into a structured record.

Contract: tolerant and honest. Nothing is guessed: what is absent or unreadable is named in `problems`, what
contradicts itself in `warnings`, and the field stays None. Only ASCII digits are numbers. Time is linear in the
length of the text, whatever it holds. No text raises.

- `result`: the record
- `form`: the essay's own lines (title, stamp, tags, footer)
- `calls`: the prediction's prose (symbol, range, further calls)
- `dates`: sessions and deadlines
"""

from minds.parse.calls import SecondaryCall
from minds.parse.dates import Deadline
from minds.parse.reader import parse_essay
from minds.parse.result import ParsedEssay

__all__ = ["Deadline", "ParsedEssay", "SecondaryCall", "parse_essay"]
