-- Uploads that can be followed, whose rejected rows are kept, and that are written faster.

ALTER TABLE customers
ADD COLUMN alternate_phone text NOT NULL DEFAULT '', -- E.164; empty when there is none. Nobody is called there
ADD COLUMN details jsonb NOT NULL DEFAULT '{}'; -- what else the file said, by the names of the optional columns

ALTER TABLE file_uploads
ADD COLUMN phase text NOT NULL DEFAULT 'received'
    CHECK (phase IN ('received', 'checking', 'writing', 'done', 'failed')),
ADD COLUMN checked_count integer NOT NULL DEFAULT 0,
ADD COLUMN written_count integer NOT NULL DEFAULT 0, -- rows sent to the record; they count when the phase is 'done'
ADD COLUMN alive_at timestamptz NOT NULL DEFAULT now(), -- when its import was last known to be under way
ADD COLUMN confirmed_at timestamptz NOT NULL DEFAULT now(), -- when this very file was last sent
ADD COLUMN failure_code text NOT NULL DEFAULT '', -- empty when it did not fail through the file
ADD COLUMN format text NOT NULL DEFAULT '', -- empty until the file has been opened
ADD COLUMN header text[] NOT NULL DEFAULT '{}', -- the header row as it stands in the file
ADD COLUMN ignored_columns text[] NOT NULL DEFAULT '{}',
ADD COLUMN more_problems integer NOT NULL DEFAULT 0, -- besides those in error_report
ADD COLUMN kept_rejected_count integer NOT NULL DEFAULT 0; -- rows in upload_rejects

UPDATE file_uploads SET
    confirmed_at = upload_time,
    phase = CASE status WHEN 'processing' THEN 'received' WHEN 'failed' THEN 'failed' ELSE 'done' END,
    checked_count = total_rows,
    written_count = processed_count;

ALTER TABLE file_uploads
ADD CHECK ((status = 'failed') = (phase = 'failed')),
ADD CHECK ((status IN ('completed', 'completed_with_errors')) = (phase = 'done'));

-- The rows that were left out, as they stood in the file: lines of JSON, packed with gzip. Apart from file_uploads, since
-- nobody reads them but who mends the file, and since they are the first thing to be deleted when the file is old.
CREATE TABLE upload_rejects (
    upload_id bigint PRIMARY KEY REFERENCES file_uploads (id) ON DELETE CASCADE,
    rows bytea NOT NULL
);

-- A foreign key asks about each of 100 000 rows by itself, which takes a third of an import's time. The rows are written
-- by one statement that joins both sides; what the keys did when one of the sides is deleted, triggers do.
ALTER TABLE upload_customers
DROP CONSTRAINT upload_customers_upload_id_fkey,
DROP CONSTRAINT upload_customers_customer_id_fkey;

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
