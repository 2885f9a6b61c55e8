"""Kefu's crawler: gets pages politely and turns them into FAQ entries. Knows nothing of search or chat."""
