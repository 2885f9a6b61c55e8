"""Kefu's chatbot: decides what to do with a question, writes the answer, checks it. Knows nothing of web or shell."""
