-- Borrowers, and the files that brought them.

CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    phone_number text NOT NULL CHECK (phone_number ~ '^\+[1-9][0-9]{7,14}$'), -- E.164
    state text NOT NULL, -- as uploaded, in any spelling
    loan_id text NOT NULL CHECK (loan_id <> ''),
    lender_name text NOT NULL CHECK (lender_name <> ''), -- said in every call
    amount_paise bigint NOT NULL CHECK (amount_paise > 0),
    due_date date NOT NULL,
    language_code text NOT NULL DEFAULT '', -- what the borrower is known to want; empty when not known
    call_status text NOT NULL DEFAULT 'ready', -- 'ready', or the status of the latest attempt
    latest_call_id uuid,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- one text to search instead of three, folded once instead of at every search
    search_text text NOT NULL GENERATED ALWAYS AS (
        lower(name || E'\n' || phone_number || E'\n' || loan_id)
    ) STORED,
    UNIQUE (lender_name, loan_id)
);

CREATE INDEX customers_by_phone ON customers (phone_number);
CREATE INDEX customers_by_status ON customers (call_status, id);

CREATE TABLE file_uploads (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    filename text NOT NULL,
    lender_name text NOT NULL,
    sha256 text NOT NULL,
    upload_time timestamptz NOT NULL DEFAULT now(),
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
    CHECK (total_rows = processed_count + error_count OR status IN ('processing', 'failed')),
    CHECK ((status = 'failed') = (failure <> ''))
);

-- The same file is imported once; one that failed may be tried again.
CREATE UNIQUE INDEX file_imported_once ON file_uploads (lender_name, sha256) WHERE status <> 'failed';

-- Which row of which file named which borrower.
CREATE TABLE upload_customers (
    upload_id bigint NOT NULL REFERENCES file_uploads (id) ON DELETE CASCADE,
    customer_id bigint NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    row_number integer NOT NULL,
    PRIMARY KEY (upload_id, customer_id)
);
