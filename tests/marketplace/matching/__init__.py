"""The matcher, without a server: requests in, plans out."""
