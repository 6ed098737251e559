-- Indexes for lists of borrowers: for each order one to walk, for each filter one for what is rare. A filter that many
-- pass needs none of its own: walking the order finds a page of them soon.

CREATE EXTENSION IF NOT EXISTS pg_trgm; -- trusted: the owner of the database may create it

CREATE INDEX customers_by_name ON customers (name, id);
CREATE INDEX customers_by_amount ON customers (amount_paise, id);
CREATE INDEX customers_by_due_date ON customers (due_date, id);
CREATE INDEX customers_by_update ON customers (updated_at, id);
CREATE INDEX customers_by_state ON customers (state, id);
CREATE INDEX customers_by_language ON customers (language_code, id);
CREATE INDEX customers_by_text ON customers USING gin (search_text gin_trgm_ops);
