"""`gateway reader`: the relay beside an RFID reader that sends what it reads to a gateway."""
