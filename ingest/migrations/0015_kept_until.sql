-- An answer says until when it is kept: those to messages are kept longer than those to requests.
ALTER TABLE replayable_answer RENAME COLUMN answered_at TO kept_until;
ALTER INDEX replayable_answer_age RENAME TO replayable_answer_kept_until;
UPDATE replayable_answer SET kept_until = kept_until + interval '24 hours';
