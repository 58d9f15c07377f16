"""The benchmark suite: `python -m loadtest.bench`, or `./run bench` (docs/benchmark.md)."""
