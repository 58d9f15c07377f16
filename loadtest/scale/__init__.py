"""What a country's load needs of machines, from what was measured: `python -m loadtest.scale`
(docs/scale.md)."""
