-- Instants are sent as seconds since 1970: the client spends a microsecond on a timestamptz, a third of
-- that on its seconds. They come out to the microsecond until 2106; the numbers of bills end in 2091.
ALTER TYPE new_eway_bill
    ALTER ATTRIBUTE generated_at       TYPE double precision,
    ALTER ATTRIBUTE valid_until        TYPE double precision,
    ALTER ATTRIBUTE acceptance_until   TYPE double precision,
    ALTER ATTRIBUTE vehicle_since      TYPE double precision,
    ALTER ATTRIBUTE first_generated_at TYPE double precision,
    ALTER ATTRIBUTE verified_at        TYPE double precision;
