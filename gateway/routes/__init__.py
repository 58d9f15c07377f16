"""The calls of the HTTP contract, one a file; `gateway.app` gathers them."""
