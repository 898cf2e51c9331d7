"""The usual words of messages, a file for each language: by cause and reader, and how reasons are spoken of."""
