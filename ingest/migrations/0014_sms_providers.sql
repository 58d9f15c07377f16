-- Aggregators that deliver messages. Unlike other clients' secrets theirs is kept as it is: a signature
-- is checked with the key it was made with.
CREATE TABLE sms_provider (
    client_id text   PRIMARY KEY REFERENCES client,
    secret    text   NOT NULL,
    sources   text[] NOT NULL
);
