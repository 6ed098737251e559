-- Lists of borrowers: an index for each order, to walk until a page is full, and one for a text. How a list is found:
-- postgres_lists.py.

CREATE EXTENSION IF NOT EXISTS pg_trgm; -- trusted: the owner of the database may create it

CREATE INDEX customers_by_name ON customers (name, id);
CREATE INDEX customers_by_amount ON customers (amount_paise, id);
CREATE INDEX customers_by_due_date ON customers (due_date, id);
CREATE INDEX customers_by_update ON customers (updated_at, id);
CREATE INDEX customers_by_text ON customers USING gin (search_text gin_trgm_ops);

-- Borrowers of one status, state or language often stand together at one end of an order: who was called was changed
-- last, and a new state came with the last file. To walk such an order until a page is full may be to walk nearly all of
-- it. Within one status, state and language each index below stands in the order asked for, so a list merges the
-- beginnings of these.
CREATE INDEX customers_by_kind ON customers (call_status, state, language_code, id);
CREATE INDEX customers_by_kind_due_date ON customers (call_status, state, language_code, due_date, id);
CREATE INDEX customers_by_kind_update ON customers (call_status, state, language_code, updated_at, id);

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

CREATE TRIGGER count_insert AFTER INSERT ON customers
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_added();
CREATE TRIGGER count_delete AFTER DELETE ON customers
REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_removed();
CREATE TRIGGER count_update AFTER UPDATE ON customers
REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_moved();
