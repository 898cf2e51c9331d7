"""What the marketplace relies on at Stripe, told as scenarios: against the stand-in, and against Stripe's test mode.

Test mode is asked when STRIPE_TEST_KEY holds a test key of an American platform with Connect. A scenario that needs
time to pass, faults, or a bank or card holder to act, is played on the stand-in alone.
"""
