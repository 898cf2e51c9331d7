"""The matcher on public problem sets, asked through its JSON-lines door as any outsider would ask it.

Route quality is read from the pickup-and-delivery instances of Li and Lim, dispatch quality from simulated days of
meal delivery. Neither set belongs to this repository: `make bench-matching DATA=folder` reads them where the user put
them.
"""
