-- The dial queue. pgqueuer keeps who is claimed, by which worker and until when; these tables keep what is to be done
-- and what came of it.

CREATE TABLE campaigns (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'paused', 'cancelled')),
    requested_by text NOT NULL,
    idempotency_key text UNIQUE, -- null when the request bore none
    request_sha256 text NOT NULL, -- of what was asked, so that a key cannot be used for something else
    answer jsonb NOT NULL, -- what the request was answered, for when it is repeated
    created_at timestamptz NOT NULL DEFAULT now()
);

-- One borrower in one campaign. Each attempt for it is a row of call_sessions whose request_id is 'dial:<id>:<tries>'.
CREATE TABLE dial_entries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    campaign_id bigint NOT NULL REFERENCES campaigns (id),
    customer_id bigint NOT NULL REFERENCES customers (id),
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'calling', 'done', 'dropped')),
    code text NOT NULL DEFAULT '', -- why it waits, or was dropped, or how the last attempt ended
    not_before timestamptz NOT NULL, -- by the clock of calling
    tries integer NOT NULL DEFAULT 0, -- attempts that have ended
    call_session_id uuid REFERENCES call_sessions (id), -- the present or the last attempt
    asked_at timestamptz, -- when telephony was first asked to place the present attempt; null before
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (campaign_id, customer_id),
    CHECK (state <> 'calling' OR call_session_id IS NOT NULL)
);

-- A borrower stands in the queue once, whoever asks.
CREATE UNIQUE INDEX one_open_entry_per_customer ON dial_entries (customer_id) WHERE state IN ('waiting', 'calling');

-- When the next call may be placed, for all workers together.
CREATE TABLE dial_pace (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    next_at timestamptz NOT NULL DEFAULT '-infinity'
);

INSERT INTO dial_pace DEFAULT VALUES;

-- Who steered what, for the audit.
CREATE TABLE operator_actions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    requested_by text NOT NULL,
    action text NOT NULL,
    campaign_id bigint REFERENCES campaigns (id),
    customer_id bigint REFERENCES customers (id),
    note text NOT NULL DEFAULT '',
    at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX uploads_of_customer ON upload_customers (customer_id, upload_id);
CREATE INDEX calls_by_phone ON call_sessions (phone_number, start_time DESC);

-- Whether somebody could be rung in an attempt: if not, it counts for no cap.
CREATE FUNCTION could_ring(status text, reason text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN NOT (status = 'failed' AND reason IN ('never_placed', 'not_placed', 'carrier_refused'));

-- What the rules of calling look at; see `Facts` in may_dial.py. `p_but` is an attempt to leave out: the one in question.
CREATE FUNCTION dial_facts(p_customer_ids bigint[], p_at timestamptz, p_but uuid) RETURNS TABLE (
    customer_id bigint, phone_number text, call_status text, due_date date, confirmed_at timestamptz,
    in_call boolean, held_as text, held_until timestamptz, attempts timestamptz[]
) LANGUAGE sql STABLE AS $$
SELECT
    c.id,
    c.phone_number,
    CASE WHEN c.latest_call_id = p_but THEN 'ready' ELSE c.call_status END,
    c.due_date,
    GREATEST(c.created_at, (
        SELECT max(f.upload_time) FROM upload_customers AS u JOIN file_uploads AS f ON f.id = u.upload_id
        WHERE u.customer_id = c.id AND f.status IN ('completed', 'completed_with_errors')
    )),
    calls.live,
    COALESCE(held.kind, ''),
    NULLIF(held.until, 'infinity'),
    calls.attempts
FROM customers AS c
CROSS JOIN LATERAL (
    SELECT
        COALESCE(bool_or(NOT is_final(s.status)), false) AS live,
        COALESCE(array_agg(s.start_time) FILTER (
            WHERE s.direction = 'outbound' AND could_ring(s.status, s.reason)
                AND s.start_time > p_at - interval '7 days'
        ), '{}') AS attempts
    FROM (
        SELECT * FROM call_sessions WHERE call_sessions.customer_id = c.id
        UNION
        SELECT * FROM call_sessions WHERE call_sessions.phone_number = c.phone_number
    ) AS s
    WHERE s.id IS DISTINCT FROM p_but
) AS calls
LEFT JOIN LATERAL (
    SELECT s.kind, s.until FROM suppressions AS s
    WHERE s.until > p_at
        AND (s.customer_id = c.id OR s.customer_id IS NULL AND s.phone_number = c.phone_number)
        AND COALESCE(s.phone_number, c.phone_number) = c.phone_number
    ORDER BY s.until DESC, s.id LIMIT 1
) AS held ON true
WHERE c.id = ANY (p_customer_ids)
$$;

-- From here on: pgqueuer 1.6's own schema, as `pgq sql install` prints it.

CREATE TYPE pgqueuer_status AS ENUM ('queued', 'picked', 'successful', 'exception', 'canceled', 'deleted', 'failed');

CREATE TABLE pgqueuer (
    id bigserial NOT NULL PRIMARY KEY,
    priority integer NOT NULL,
    queue_manager_id uuid,
    created timestamp with time zone NOT NULL DEFAULT now(),
    updated timestamp with time zone NOT NULL DEFAULT now(),
    heartbeat timestamp with time zone NOT NULL DEFAULT now(),
    execute_after timestamp with time zone NOT NULL DEFAULT now(),
    status pgqueuer_status NOT NULL,
    entrypoint text NOT NULL,
    dedupe_key text,
    payload bytea,
    headers jsonb,
    attempts integer NOT NULL DEFAULT 0,
    slot bigint
);

CREATE TABLE pgqueuer_log (
    id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL PRIMARY KEY,
    created timestamp with time zone NOT NULL DEFAULT now(),
    job_id bigint NOT NULL,
    status pgqueuer_status NOT NULL,
    priority integer NOT NULL,
    entrypoint text NOT NULL,
    traceback jsonb,
    aggregated boolean DEFAULT false
);

CREATE TABLE pgqueuer_schedules (
    id bigserial NOT NULL PRIMARY KEY,
    expression text NOT NULL,
    entrypoint text NOT NULL,
    heartbeat timestamp with time zone NOT NULL DEFAULT now(),
    created timestamp with time zone NOT NULL DEFAULT now(),
    updated timestamp with time zone NOT NULL DEFAULT now(),
    next_run timestamp with time zone NOT NULL DEFAULT now(),
    last_run timestamp with time zone,
    status pgqueuer_status DEFAULT 'queued'::pgqueuer_status,
    UNIQUE (expression, entrypoint)
);

CREATE TABLE pgqueuer_statistics (
    id bigserial NOT NULL PRIMARY KEY,
    created timestamp with time zone NOT NULL DEFAULT date_trunc('sec'::text, now()),
    count bigint NOT NULL,
    priority integer NOT NULL,
    status pgqueuer_status NOT NULL,
    entrypoint text NOT NULL
);

CREATE INDEX pgqueuer_ep_ea_idx ON pgqueuer USING btree (entrypoint, execute_after) WHERE (status = 'queued'::pgqueuer_status);

CREATE INDEX pgqueuer_ep_prio_id_idx ON pgqueuer USING btree (entrypoint, priority DESC, id) WHERE (status = 'queued'::pgqueuer_status);

CREATE INDEX pgqueuer_log_created ON pgqueuer_log USING btree (created);

CREATE INDEX pgqueuer_log_job_id_status ON pgqueuer_log USING btree (job_id, created DESC);

CREATE INDEX pgqueuer_log_not_aggregated ON pgqueuer_log USING btree ((1)) WHERE (NOT aggregated);

CREATE INDEX pgqueuer_log_status ON pgqueuer_log USING btree (status);

CREATE INDEX pgqueuer_picked_heartbeat_idx ON pgqueuer USING btree (heartbeat) WHERE (status = 'picked'::pgqueuer_status);

CREATE UNIQUE INDEX pgqueuer_picked_slot_idx ON pgqueuer USING btree (entrypoint, slot) WHERE ((status = 'picked'::pgqueuer_status) AND (slot IS NOT NULL));

CREATE INDEX pgqueuer_priority_id_id1_idx ON pgqueuer USING btree (priority, id DESC) INCLUDE (id) WHERE (status = 'queued'::pgqueuer_status);

CREATE INDEX pgqueuer_queue_manager_id_idx ON pgqueuer USING btree (queue_manager_id) WHERE (queue_manager_id IS NOT NULL);

CREATE UNIQUE INDEX pgqueuer_statistics_unique_count ON pgqueuer_statistics USING btree (priority, date_trunc('sec'::text, timezone('UTC'::text, created)), status, entrypoint);

CREATE UNIQUE INDEX pgqueuer_unique_dedupe_key ON pgqueuer USING btree (dedupe_key) WHERE ((status = ANY (ARRAY['queued'::pgqueuer_status, 'picked'::pgqueuer_status])) AND (dedupe_key IS NOT NULL));

CREATE INDEX pgqueuer_updated_id_id1_idx ON pgqueuer USING btree (updated, id DESC) INCLUDE (id) WHERE (status = 'picked'::pgqueuer_status);

CREATE FUNCTION fn_pgqueuer_changed() RETURNS TRIGGER AS $$
DECLARE
    to_emit BOOLEAN := false;  -- Flag to decide whether to emit a notification
BEGIN
    -- Check operation type and set the emit flag accordingly
    IF TG_OP = 'UPDATE' AND OLD IS DISTINCT FROM NEW THEN
        to_emit := true;
    ELSIF TG_OP = 'DELETE' THEN
        to_emit := true;
    ELSIF TG_OP = 'INSERT' THEN
        to_emit := true;
    ELSIF TG_OP = 'TRUNCATE' THEN
        to_emit := true;
    END IF;

    -- Perform notification if the emit flag is set
    IF to_emit THEN
        PERFORM pg_notify(
            'ch_pgqueuer',
            json_build_object(
                'channel', 'ch_pgqueuer',
                'operation', lower(TG_OP),
                'sent_at', NOW(),
                'table', TG_TABLE_NAME,
                'type', 'table_changed_event'
            )::text
        );
    END IF;

    -- Return appropriate value based on the operation
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' THEN
        RETURN OLD;
    ELSE
        RETURN NULL; -- For TRUNCATE and other non-row-specific contexts
    END IF;

END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER tg_pgqueuer_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgqueuer
EXECUTE FUNCTION fn_pgqueuer_changed();
