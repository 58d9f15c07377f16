"""What the commands that call a gateway share: which one, who calls, tokens, refusals, pauses."""
