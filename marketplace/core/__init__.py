"""What every other package stands on: time, ids, money, places, refusals, the Work and its events.

Nothing here knows a driver or a delivery, and nothing here imports another package of ours.
"""
