"""All that a person or a shell touches: command line, HTTP API, chat page, widget."""
