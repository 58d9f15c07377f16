"""Trains a dictionary for stored invoices: `python -m loadtest.train_invoice_dictionary FILE`.

What is stored was compressed with the dictionary of its day, which therefore never changes: a
better one gets a new number (ingest/invoice_document.py).
"""

import sys
from pathlib import Path
from random import Random

from loadtest.invoices import gstin, invoices

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_BYTES = 16 * 1024
_SUPPLIERS = 300
_OF_EACH = 12


def main() -> None:
    """Writes the dictionary."""
    random = Random(2017)  # noqa: S311 - not a secret
    samples: list[bytes] = []
    for seed in range(_SUPPLIERS):
        supplier = gstin(random, random.choice(("07", "24", "27", "29", "33")))
        samples += invoices(seed, supplier, _OF_EACH, lines=1 + seed % 5)
    Path(sys.argv[1]).write_bytes(zstd.train_dict(samples, _BYTES).dict_content)


if __name__ == "__main__":
    main()
