"""The PostgreSQL and Redis-compatible servers a gateway starts for itself when none are named."""
