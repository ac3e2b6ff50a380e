"""The language-model edge: a model may write the argument, and can never touch a number.

Contract: everything that a model says is text from outside. It is asked through one door (`call.Model`), recorded
(`tape`), examined (`guard`) and filled with figures by code; what does not pass is replaced by template text, marked.
"""
