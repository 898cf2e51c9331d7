"""What stands in deploy/ agrees with the code."""
