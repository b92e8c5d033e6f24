"""What we promise, each with the test that can fail and the broken build that it must catch: `make guarantees TIER=ci|full`."""
