-- The feed of changes that WatchChanges reads.
--
-- A number drawn by a writer would be unsafe: writers commit in another order than they draw, and a reader who has seen
-- 8 would never go back for a 7 that was committed later. Holding a lock from the draw to the commit would be safe, but
-- every writer would then wait for the slowest, such as an import. So writers leave their changes without a number,
-- and readers give numbers, one reader at a time, to what is committed: the order is final once anybody can see it,
-- and no writer ever waits.

CREATE TABLE changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number bigint UNIQUE, -- null until a reader has numbered it
    kind text NOT NULL CHECK (kind IN ('customer', 'call', 'turn')),
    customer_id bigint,
    call_session_id uuid,
    seq integer
);

CREATE INDEX changes_without_number ON changes (id) WHERE number IS NULL;

-- One row: the last number given, and the last one that is no longer kept. Its lock is held by who gives numbers.
CREATE TABLE change_feed (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    last_number bigint NOT NULL DEFAULT 0,
    forgotten bigint NOT NULL DEFAULT 0,
    keep integer NOT NULL DEFAULT 200000 CHECK (keep > 0)
);

INSERT INTO change_feed DEFAULT VALUES;

-- Numbers what is committed, at most 10000 changes, and forgets the oldest. Returns the last number given.
CREATE FUNCTION number_changes() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    feed change_feed;
    given bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM changes WHERE number IS NULL) THEN
        RETURN (SELECT last_number FROM change_feed);
    END IF;
    SELECT * INTO feed FROM change_feed FOR UPDATE; -- waits here, then sees all that the one before has done
    WITH waiting AS (
        SELECT id, row_number() OVER (ORDER BY id) AS place
        FROM (SELECT id FROM changes WHERE number IS NULL ORDER BY id LIMIT 10000) AS first_ones
    )
    UPDATE changes SET number = feed.last_number + waiting.place FROM waiting WHERE changes.id = waiting.id;
    GET DIAGNOSTICS given = ROW_COUNT;
    feed.last_number := feed.last_number + given;
    feed.forgotten := GREATEST(feed.forgotten, feed.last_number - feed.keep);
    DELETE FROM changes WHERE number <= feed.forgotten;
    UPDATE change_feed SET last_number = feed.last_number, forgotten = feed.forgotten;
    RETURN feed.last_number;
END $$;

-- Statement triggers: an import of 50000 rows leaves its changes in one statement. The notice is only a hint that
-- spares readers a wait; they poll all the same.
CREATE FUNCTION note_customers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (kind, customer_id) SELECT 'customer', id FROM changed ORDER BY id;
    IF FOUND THEN
        PERFORM pg_notify('changes', '');
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION note_calls() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (kind, customer_id, call_session_id) SELECT 'call', customer_id, id FROM changed;
    IF FOUND THEN
        PERFORM pg_notify('changes', '');
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION note_turns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (kind, call_session_id, seq) SELECT 'turn', call_session_id, seq FROM changed ORDER BY seq;
    IF FOUND THEN
        PERFORM pg_notify('changes', '');
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER note_insert AFTER INSERT ON customers
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_customers();
CREATE TRIGGER note_update AFTER UPDATE ON customers
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_customers();
CREATE TRIGGER note_insert AFTER INSERT ON call_sessions
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_calls();
CREATE TRIGGER note_update AFTER UPDATE ON call_sessions
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_calls();
CREATE TRIGGER note_insert AFTER INSERT ON call_turns
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_turns();
