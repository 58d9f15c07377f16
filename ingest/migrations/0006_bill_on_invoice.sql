-- The uploaded invoice that a bill was furnished from, r2(3): its reference number as 32 bytes. Null, and then
-- of no size, where none was named.
ALTER TABLE eway_bill ADD irn bytea;
ALTER TYPE new_eway_bill ADD ATTRIBUTE irn bytea;
