"""The gateway over HTTP and at the command line: routes, credentials, settings, servers."""
