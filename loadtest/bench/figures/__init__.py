"""What is measured: each figure with what it is beside."""
