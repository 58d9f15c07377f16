"""Rules, forms, identifiers and the error catalogue of the e-way bill, as pure functions.

Nothing here reads a clock, performs I/O or imports another room of this project: every instant
is passed in, every answer follows from the arguments.
"""
