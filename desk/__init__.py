"""What people touch: the command line and the published pages.

Contract: the highest layer, imported by no other package. Only here may the clock be read; a user sees one sentence
and an exit code, never a traceback.
"""
