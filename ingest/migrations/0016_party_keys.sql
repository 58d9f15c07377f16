-- What a new bill costs. The indexes of parties are keyed by 8 bytes of a party instead of its text: a
-- quarter smaller, and integers are compared. Queries name the text too, since two texts may have one
-- key. That of vehicles keeps its text, whose order a rebuild of the hot state follows.
DROP INDEX eway_bill_supplier, eway_bill_recipient, eway_bill_transporter;
CREATE INDEX eway_bill_supplier ON eway_bill (hashtextextended(supplier_gstin, 0), ebn)
    WITH (deduplicate_items = off);
CREATE INDEX eway_bill_recipient ON eway_bill (hashtextextended(recipient_gstin, 0), ebn)
    WITH (deduplicate_items = off) WHERE recipient_gstin <> 'URP';
CREATE INDEX eway_bill_transporter ON eway_bill (hashtextextended(transporter_id, 0), ebn)
    WITH (deduplicate_items = off) WHERE transporter_id IS NOT NULL;

-- Instants are sent as seconds since 1970: the client spends a microsecond on a timestamptz, a third of
-- that on its seconds. They come out to the microsecond until 2106; the numbers of bills end in 2091.
ALTER TYPE new_eway_bill
    ALTER ATTRIBUTE generated_at       TYPE double precision,
    ALTER ATTRIBUTE valid_until        TYPE double precision,
    ALTER ATTRIBUTE acceptance_until   TYPE double precision,
    ALTER ATTRIBUTE vehicle_since      TYPE double precision,
    ALTER ATTRIBUTE first_generated_at TYPE double precision,
    ALTER ATTRIBUTE verified_at        TYPE double precision;
