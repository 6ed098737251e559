-- The dial queue. pgqueuer keeps who is claimed, by which worker and until when; these tables keep what is to be done
-- and what came of it.

CREATE TABLE campaigns (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'paused', 'cancelled')),
    requested_by text NOT NULL,
    idempotency_key text UNIQUE, -- null when the request bore none
    request_sha256 text NOT NULL, -- of what was asked, so that a key cannot be used for something else
    answer jsonb NOT NULL, -- what the request was answered, for when it is repeated
    created_at timestamptz NOT NULL DEFAULT calling_now()
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
    updated_at timestamptz NOT NULL DEFAULT calling_now(),
    UNIQUE (campaign_id, customer_id),
    CHECK (state <> 'calling' OR call_session_id IS NOT NULL)
);

-- A borrower stands in the queue once, whoever asks.
CREATE UNIQUE INDEX one_open_entry_per_customer ON dial_entries (customer_id) WHERE state IN ('waiting', 'calling');
CREATE INDEX entries_by_call ON dial_entries (call_session_id);

-- A campaign is steered by its own row, which whoever begins a call locks and reads. Its entries and jobs follow in
-- steps, worker by worker, so that steering 100 000 borrowers takes no longer than steering one. Here stands how far.
CREATE TABLE campaign_steps (
    campaign_id bigint PRIMARY KEY REFERENCES campaigns (id),
    after_customer_id bigint NOT NULL DEFAULT 0
);

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
    at timestamptz NOT NULL DEFAULT calling_now()
);

-- Moves the borrower's next call to the time they asked for: other attempts are held until then, for whatever loan.
-- Returns the queue's entry that needs a job; null when one of the queue has it already, or nothing is to be done.
CREATE FUNCTION queue_callback(p_call_id uuid, p_at timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    call call_sessions;
    entry bigint;
BEGIN
    PERFORM 1 FROM customers WHERE id = (SELECT customer_id FROM call_sessions WHERE id = p_call_id) FOR UPDATE;
    SELECT * INTO call FROM call_sessions WHERE id = p_call_id FOR UPDATE;
    IF call.callback_at IS NOT NULL OR NOT is_final(call.status) OR call.disposition IS DISTINCT FROM 'CB' THEN
        RETURN NULL;
    END IF;
    UPDATE call_sessions SET callback_at = p_at WHERE id = p_call_id;
    -- What the call had come to before would hold the borrower for some days, such as that the details were heard.
    UPDATE suppressions SET lifted_at = calling_now(), lifted_by = 'bot', lift_note = 'asked to be called again'
    WHERE call_session_id = p_call_id AND lifted_at IS NULL AND until < 'infinity';
    INSERT INTO suppressions (customer_id, phone_number, kind, set_by, call_session_id, until) VALUES
        (call.customer_id, NULL, 'CALLBACK', 'bot', p_call_id, p_at),
        (NULL, call.phone_number, 'CALLBACK', 'bot', p_call_id, p_at)
    ON CONFLICT DO NOTHING;
    UPDATE customers SET call_status = 'ready'
    WHERE id = call.customer_id AND latest_call_id = p_call_id AND is_final(call_status);
    UPDATE dial_entries AS e SET
        state = 'waiting', code = 'CALLBACK', not_before = p_at, updated_at = calling_now(),
        tries = e.tries + CASE e.state WHEN 'calling' THEN 1 ELSE 0 END
    FROM campaigns AS c
    WHERE e.customer_id = call.customer_id AND c.id = e.campaign_id AND c.state <> 'cancelled'
        AND (e.state = 'waiting' OR e.state = 'calling' AND e.call_session_id = p_call_id);
    IF FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE dial_entries SET state = 'done', code = call.reason, tries = tries + 1, updated_at = calling_now()
    WHERE customer_id = call.customer_id AND state = 'calling' AND call_session_id = p_call_id;
    WITH campaign AS (
        INSERT INTO campaigns (requested_by, idempotency_key, request_sha256, answer)
        VALUES ('callback', 'callback:' || p_call_id, '', '{"campaign_id": 0, "outcomes": []}') RETURNING id
    )
    INSERT INTO dial_entries (campaign_id, customer_id, code, not_before)
    SELECT id, call.customer_id, 'CALLBACK', p_at FROM campaign
    ON CONFLICT DO NOTHING -- in a call of another attempt: that one's end decides
    RETURNING id INTO entry;
    RETURN entry;
END $$;

-- What the rules of calling look at; see `Facts` in may_dial.py. `talked_at` is when somebody with this loan or phone was
-- last spoken with to the end, unless they asked for another call.
CREATE FUNCTION dial_facts(p_customer_ids bigint[], p_at timestamptz) RETURNS TABLE (
    customer_id bigint, phone_number text, state text, call_status text, due_date date, confirmed_at timestamptz,
    in_call boolean, held_as text, held_until timestamptz, attempts timestamptz[], talked_at timestamptz
) LANGUAGE sql STABLE AS $$
SELECT
    c.id,
    c.phone_number,
    c.state,
    c.call_status,
    c.due_date,
    GREATEST(c.created_at, last_confirmed(c.id)),
    calls.live,
    COALESCE(held.kind, ''),
    NULLIF(held.until, 'infinity'),
    calls.attempts,
    calls.talked_at
FROM customers AS c
CROSS JOIN LATERAL (
    SELECT
        COALESCE(bool_or(NOT is_final(s.status)), false) AS live,
        COALESCE(array_agg(s.start_time) FILTER (
            WHERE s.direction = 'outbound' AND could_ring(s.status, s.reason)
                AND s.start_time > p_at - interval '7 days'
        ), '{}') AS attempts,
        max(s.start_time) FILTER (
            WHERE s.verified AND s.status = 'completed' AND s.callback_at IS NULL
        ) AS talked_at
    FROM (
        SELECT * FROM call_sessions WHERE call_sessions.customer_id = c.id
        UNION
        SELECT * FROM call_sessions WHERE call_sessions.phone_number = c.phone_number
    ) AS s
) AS calls
LEFT JOIN LATERAL (
    SELECT s.kind, s.until FROM suppressions AS s
    WHERE s.lifted_at IS NULL AND s.until > p_at
        AND (s.customer_id = c.id OR s.customer_id IS NULL AND s.phone_number = c.phone_number)
        AND COALESCE(s.phone_number, c.phone_number) = c.phone_number
    ORDER BY s.until DESC, s.id LIMIT 1
) AS held ON true
WHERE c.id = ANY (p_customer_ids)
$$;
