"""Kefu's index: stores passages and finds those that answer, with a probability. Knows nothing of chat or web."""
