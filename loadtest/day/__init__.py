"""A day of everybody who uses the gateway, played by Locust and held against the record."""
