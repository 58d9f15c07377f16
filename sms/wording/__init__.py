"""Every text that is said by SMS, in English and in Hindi."""
