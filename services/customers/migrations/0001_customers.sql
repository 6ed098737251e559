-- Borrowers, and the files that brought them.

-- The clock of calling. What a person sees, or a rule goes by, is written by it: when a file came, a campaign was made, a
-- hold ends. It is the wall's, unless a simulated one is set for the connection: `calling.ahead` is how far that is ahead
-- of the wall's, as an interval; nobody sets it where calls are real. What only machines agree about among themselves
-- stays with now(): leases, jobs, the pace of dialling.
CREATE FUNCTION calling_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN now() + COALESCE(NULLIF(current_setting('calling.ahead', true), ''), '0')::interval;

CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    phone_number text NOT NULL CHECK (phone_number ~ '^\+[1-9][0-9]{7,14}$'), -- E.164
    state text NOT NULL, -- its usual name; one that is not known, as it was written
    loan_id text NOT NULL CHECK (loan_id <> ''),
    lender_name text NOT NULL CHECK (lender_name <> ''), -- said in every call
    amount_paise bigint NOT NULL CHECK (amount_paise > 0),
    due_date date NOT NULL,
    language_code text NOT NULL DEFAULT '', -- what the borrower is known to want; empty when not known
    call_status text NOT NULL DEFAULT 'ready', -- 'ready', or the status of the latest attempt
    latest_call_id uuid,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT calling_now(),
    updated_at timestamptz NOT NULL DEFAULT calling_now(),
    -- one text to search instead of three, folded once instead of at every search
    search_text text NOT NULL GENERATED ALWAYS AS (
        lower(name || E'\n' || phone_number || E'\n' || loan_id)
    ) STORED,
    alternate_phone text NOT NULL DEFAULT '', -- E.164; empty when there is none. Nobody is called there
    details jsonb NOT NULL DEFAULT '{}', -- what else the file said, by the names of the optional columns
    UNIQUE (lender_name, loan_id)
);

CREATE INDEX customers_by_phone ON customers (phone_number);

CREATE TABLE file_uploads (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    filename text NOT NULL,
    lender_name text NOT NULL,
    sha256 text NOT NULL,
    upload_time timestamptz NOT NULL DEFAULT calling_now(),
    status text NOT NULL DEFAULT 'processing'
        CHECK (status IN ('processing', 'completed', 'completed_with_errors', 'failed')),
    failure text NOT NULL DEFAULT '', -- why it failed
    total_rows integer NOT NULL DEFAULT 0,
    processed_count integer NOT NULL DEFAULT 0, -- rows that are on record now: imported, updated or known before
    imported_count integer NOT NULL DEFAULT 0,
    updated_count integer NOT NULL DEFAULT 0,
    duplicate_count integer NOT NULL DEFAULT 0,
    error_count integer NOT NULL DEFAULT 0,
    warning_count integer NOT NULL DEFAULT 0,
    error_report jsonb NOT NULL DEFAULT '[]',
    finished_at timestamptz,
    phase text NOT NULL DEFAULT 'received'
        CHECK (phase IN ('received', 'checking', 'writing', 'done', 'failed')),
    checked_count integer NOT NULL DEFAULT 0,
    written_count integer NOT NULL DEFAULT 0, -- rows sent to the record; they count when the phase is 'done'
    alive_at timestamptz NOT NULL DEFAULT now(), -- when its import was last known to be under way
    confirmed_at timestamptz NOT NULL DEFAULT calling_now(), -- when this very file was last sent
    failure_code text NOT NULL DEFAULT '', -- empty when it did not fail through the file
    format text NOT NULL DEFAULT '', -- empty until the file has been opened
    header text[] NOT NULL DEFAULT '{}', -- the header row as it stands in the file
    ignored_columns text[] NOT NULL DEFAULT '{}',
    more_problems integer NOT NULL DEFAULT 0, -- besides those in error_report
    kept_rejected_count integer NOT NULL DEFAULT 0, -- rows in upload_rejects
    CHECK (total_rows = processed_count + error_count OR status IN ('processing', 'failed')),
    CHECK ((status = 'failed') = (failure <> '')),
    CHECK ((status = 'failed') = (phase = 'failed')),
    CHECK ((status IN ('completed', 'completed_with_errors')) = (phase = 'done'))
);

-- The same file is imported once; one that failed may be tried again.
CREATE UNIQUE INDEX file_imported_once ON file_uploads (lender_name, sha256) WHERE status <> 'failed';

-- The rows that were left out, as they stood in the file: lines of JSON, packed with gzip. Apart from file_uploads, since
-- nobody reads them but who mends the file, and since they are the first thing to be deleted when the file is old.
CREATE TABLE upload_rejects (
    upload_id bigint PRIMARY KEY REFERENCES file_uploads (id) ON DELETE CASCADE,
    rows bytea NOT NULL
);

-- Which row of which file named which borrower. Without foreign keys, which ask about each of 100 000 rows by itself, a
-- third of an import's time: the rows are written by one statement that joins both sides, and what keys do when one of
-- the sides is deleted, triggers do.
CREATE TABLE upload_customers (
    upload_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    row_number integer NOT NULL,
    PRIMARY KEY (upload_id, customer_id)
);

CREATE INDEX uploads_of_customer ON upload_customers (customer_id, upload_id);

CREATE FUNCTION forget_rows_of_uploads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM upload_customers AS u USING gone WHERE u.upload_id = gone.id;
    RETURN NULL;
END $$;

CREATE FUNCTION forget_rows_of_customers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM upload_customers AS u USING gone WHERE u.customer_id = gone.id;
    RETURN NULL;
END $$;

CREATE TRIGGER forget_rows AFTER DELETE ON file_uploads
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION forget_rows_of_uploads();
CREATE TRIGGER forget_rows AFTER DELETE ON customers
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION forget_rows_of_customers();

-- When the lender last told about a borrower: when the latest file that names the borrower was last sent. Sending an
-- older file again says nothing about who stands in a later one, whose word is the one on record.
CREATE FUNCTION last_confirmed(p_customer_id bigint) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT f.confirmed_at
FROM upload_customers AS u JOIN file_uploads AS f ON f.id = u.upload_id
WHERE u.customer_id = p_customer_id AND f.phase = 'done'
ORDER BY u.upload_id DESC
LIMIT 1
$$;
