"""`gateway upload FILE`: the client that sends a file of invoices or e-way bills to a gateway."""
