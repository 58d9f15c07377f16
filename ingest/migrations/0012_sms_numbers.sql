-- Mobile numbers that send e-way bills by SMS (docs/sms-numbers.md).

-- One row for each password that was asked for: a number registered for a GSTIN. Those that ended
-- stay, so it is known who registered which number, until when, and why it ended.
CREATE TABLE sms_registration (
    registration_id  bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gstin            text        NOT NULL,
    slot             smallint    NOT NULL CHECK (slot IN (1, 2)),
    mobile           text        NOT NULL CHECK (mobile ~ '^[6-9][0-9]{9}$'),
    role             text        NOT NULL,
    client_id        text        NOT NULL,
    language         text        NOT NULL,
    notices          text[]      NOT NULL,
    registered_at    timestamptz NOT NULL,
    password_hash    text,
    password_made_at timestamptz,
    tries            smallint    NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 5),
    confirmed_at     timestamptz,
    heard_at         timestamptz,
    ended_at         timestamptz,
    ended_by         text,
    ended_why        text,
    CHECK (num_nulls(ended_at, ended_by, ended_why) IN (0, 3)),
    -- A password that is no longer awaited is not even kept as a hash.
    CHECK (password_hash IS NULL OR num_nonnulls(confirmed_at, ended_at) = 0)
);
-- Two numbers a GSTIN, and a number once.
CREATE UNIQUE INDEX sms_registration_slot ON sms_registration (gstin, slot) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX sms_registration_live ON sms_registration (mobile, gstin) WHERE ended_at IS NULL;
-- How many passwords were asked for.
CREATE INDEX sms_registration_mobile ON sms_registration (mobile, registered_at);
CREATE INDEX sms_registration_gstin ON sms_registration (gstin, registered_at);

CREATE TRIGGER guard_record BEFORE UPDATE ON sms_registration
    FOR EACH ROW WHEN (
        OLD.ended_at IS NOT NULL
        OR (NEW.gstin, NEW.slot, NEW.mobile, NEW.role, NEW.client_id, NEW.registered_at)
           IS DISTINCT FROM
           (OLD.gstin, OLD.slot, OLD.mobile, OLD.role, OLD.client_id, OLD.registered_at))
    EXECUTE FUNCTION guard_record();

-- A number that was confirmed: the language it is answered in, and the GSTIN it acts for.
CREATE TABLE sms_number (
    mobile   text PRIMARY KEY,
    language text NOT NULL,
    acts_for text
);

-- Numbers nobody registered, and when they were last told so; swept a day later.
CREATE TABLE sms_stranger (
    mobile  text        PRIMARY KEY,
    told_at timestamptz NOT NULL
);
CREATE INDEX sms_stranger_told ON sms_stranger (told_at);
