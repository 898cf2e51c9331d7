"""Every tie to the outside world: each adapter fills a Protocol of the market, or keeps a server that it needs."""
