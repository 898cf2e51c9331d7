"""The background edge: what follows from events, on arq queues and on deadlines kept in rows."""
