-- Reports of inspections, FORM GST INS-08, and of detentions, FORM GST INS-09.

-- No foreign keys to eway_bill: they would keep its months from being detached.
CREATE SEQUENCE inspection_number;
CREATE TABLE inspection (
    inspection_id        bigint PRIMARY KEY,
    recorded_by          text        NOT NULL,
    state                text,
    recorded_at          timestamptz NOT NULL,
    summary_due          timestamptz NOT NULL,
    final_due            timestamptz NOT NULL,
    officer_name         text        NOT NULL,
    place                text        NOT NULL,
    inspected_at         timestamptz NOT NULL CHECK (inspected_at <= recorded_at),
    vehicle_number       text        NOT NULL,
    ebn                  bigint,
    document_date        date,
    document_number      text,
    person_in_charge     text,
    goods_description    text,
    declared_quantity    text,
    declared_value_paise bigint,
    discrepancy          text,
    detained             boolean     NOT NULL,
    released_at          timestamptz CHECK (released_at BETWEEN inspected_at AND recorded_at),
    final                jsonb,
    final_recorded_at    timestamptz,
    CHECK (detained OR released_at IS NULL),
    CHECK ((final IS NULL) = (final_recorded_at IS NULL))
);

CREATE SEQUENCE detention_number;
CREATE TABLE detention (
    detention_id   bigint PRIMARY KEY,
    recorded_by    text        NOT NULL,
    recorded_at    timestamptz NOT NULL,
    ebn            bigint      NOT NULL,
    place          text        NOT NULL,
    detained_from  timestamptz NOT NULL CHECK (detained_from < recorded_at),
    detained_until timestamptz
                   CHECK (detained_until > detained_from AND detained_until <= recorded_at),
    officer_name   text
);
CREATE INDEX detention_ebn ON detention (ebn, detention_id);

-- A report stands as it was recorded; an inspection gets its final report, once.
CREATE TRIGGER guard_record BEFORE UPDATE ON detention
    FOR EACH ROW EXECUTE FUNCTION guard_record();
CREATE TRIGGER guard_record BEFORE UPDATE ON inspection
    FOR EACH ROW WHEN (
        OLD.final IS NOT NULL
        OR to_jsonb(NEW) - ARRAY['final', 'final_recorded_at']
           IS DISTINCT FROM to_jsonb(OLD) - ARRAY['final', 'final_recorded_at'])
    EXECUTE FUNCTION guard_record();
