"""Rules that turn gradients into steps, and the rate of the steps."""
