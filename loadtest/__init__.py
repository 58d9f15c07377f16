"""Load and benchmarks. Speaks HTTP to a gateway started as its users start it."""
