-- Lists of borrowers by status, state and language, in orders in which such borrowers often stand together at one end:
-- who was called was changed last, and a new state came with the last file. To walk such an order until a page is full
-- may be to walk nearly all of it. Within one status, state and language the index below stands in the order asked for,
-- so a list merges the beginnings of these. The walks of other filters are bounded; see postgres_lists.py.

CREATE INDEX customers_by_kind ON customers (call_status, state, language_code, id);
CREATE INDEX customers_by_kind_due_date ON customers (call_status, state, language_code, due_date, id);
CREATE INDEX customers_by_kind_update ON customers (call_status, state, language_code, updated_at, id);

DROP INDEX customers_by_status, customers_by_state, customers_by_language; -- the first of the above does what they did

-- How many borrowers have each status, which the page of borrowers asks for every few seconds: to count a million of
-- them takes longer than all else it asks for. Each statement adds what it has changed, as a row of its own, so that no
-- writer waits for another; who counts adds them up, and now and then puts one row in the place of many.
CREATE TABLE status_counts (
    call_status text NOT NULL,
    change bigint NOT NULL
);

CREATE FUNCTION count_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO status_counts SELECT call_status, count(*) FROM added GROUP BY call_status;
    RETURN NULL;
END $$;

CREATE FUNCTION count_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO status_counts SELECT call_status, -count(*) FROM removed GROUP BY call_status;
    RETURN NULL;
END $$;

CREATE FUNCTION count_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO status_counts
    SELECT call_status, sum(change)
    FROM (SELECT call_status, 1 AS change FROM added UNION ALL SELECT call_status, -1 FROM removed) AS moved
    GROUP BY call_status HAVING sum(change) <> 0;
    RETURN NULL;
END $$;

-- The triggers keep writers away until the migration is done, so that those who are there are counted once.
CREATE TRIGGER count_insert AFTER INSERT ON customers
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_added();
CREATE TRIGGER count_delete AFTER DELETE ON customers
REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_removed();
CREATE TRIGGER count_update AFTER UPDATE ON customers
REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_moved();

INSERT INTO status_counts SELECT call_status, count(*) FROM customers GROUP BY call_status;
