"""SMPP 3.4: a bind as transceiver to the SMSC of a carrier, docs/smpp.md."""
