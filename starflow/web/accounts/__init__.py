"""The pages before and beside the work: signing in, activating an account, the second factor, one's sessions."""
