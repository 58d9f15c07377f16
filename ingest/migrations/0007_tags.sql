-- RFID tags on vehicles, r2(4) (docs/rfid.md).

-- The mappings that are live: a tag is on one vehicle, a vehicle may have several tags.
CREATE TABLE rfid_tag (
    tag            text        PRIMARY KEY,
    vehicle_number text        NOT NULL,
    transporter_id text        NOT NULL,
    since          timestamptz NOT NULL
);
CREATE INDEX rfid_tag_vehicle ON rfid_tag (vehicle_number);
CREATE INDEX rfid_tag_transporter ON rfid_tag (transporter_id, tag);

-- Those that have ended: from `since` on, and until before `until`. Written by whoever holds the
-- tag's lock, in the transaction that ends the mapping, so those of a tag never overlap.
CREATE TABLE rfid_tag_history (
    mapping_id     bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tag            text        NOT NULL,
    vehicle_number text        NOT NULL,
    transporter_id text        NOT NULL,
    since          timestamptz NOT NULL,
    until          timestamptz NOT NULL CHECK (until >= since),
    ended_by       text        NOT NULL
);
CREATE INDEX rfid_tag_history_tag ON rfid_tag_history (tag, until);

CREATE TRIGGER guard_record BEFORE UPDATE ON rfid_tag_history
    FOR EACH ROW EXECUTE FUNCTION guard_record();

-- Of what class a transporter is, where one was stated when it was enrolled.
CREATE INDEX client_class ON client (person_id) WHERE class IS NOT NULL;
