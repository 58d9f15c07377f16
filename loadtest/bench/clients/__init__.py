"""What puts load on whatever is measured."""
