"""The template writer: prose without a model, the same for the same record, and different from day to day.

Contract: a function of the record. Phrases are data (TOML beside this file); the code only works out what a record
offers to say and which phrases fit. Good enough to stand in for a model on every day of twenty years.

- `phrases`: the engine that picks and fills phrases
- `facts`, `evidence`, `turns`, `track`: what a record offers to say
- `compose`: the order of an essay
"""

from minds.template.compose import Parts, TemplateWriter

__all__ = ["Parts", "TemplateWriter"]
