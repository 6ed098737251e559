-- The clock of calling in SQL. What a person sees, or a rule goes by, is written by it: when a file came, a campaign was
-- made, a hold ends. It is the wall's, unless a simulated one is set for the connection. What only machines agree about
-- among themselves stays with now(): leases, jobs, the pace of dialling.

-- `calling.ahead` is how far the simulated clock is ahead of the wall's, as an interval; nobody sets it where calls are real.
CREATE FUNCTION calling_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN now() + COALESCE(NULLIF(current_setting('calling.ahead', true), ''), '0')::interval;

ALTER TABLE customers
ALTER COLUMN created_at SET DEFAULT calling_now(),
ALTER COLUMN updated_at SET DEFAULT calling_now();
ALTER TABLE file_uploads
ALTER COLUMN upload_time SET DEFAULT calling_now(),
ALTER COLUMN confirmed_at SET DEFAULT calling_now();
ALTER TABLE call_sessions ALTER COLUMN start_time SET DEFAULT calling_now();
ALTER TABLE call_status_updates ALTER COLUMN recorded_at SET DEFAULT calling_now();
ALTER TABLE call_turns ALTER COLUMN recorded_at SET DEFAULT calling_now();
ALTER TABLE suppressions ALTER COLUMN since SET DEFAULT calling_now();
ALTER TABLE campaigns ALTER COLUMN created_at SET DEFAULT calling_now();
ALTER TABLE dial_entries ALTER COLUMN updated_at SET DEFAULT calling_now();
ALTER TABLE operator_actions ALTER COLUMN at SET DEFAULT calling_now();

-- The functions below are those of 0008, by this clock.

CREATE OR REPLACE FUNCTION check_customer_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    NEW.updated_at := calling_now();
    IF NEW.call_status = OLD.call_status AND NEW.latest_call_id IS NOT DISTINCT FROM OLD.latest_call_id THEN
        RETURN NEW;
    END IF;
    IF NEW.call_status = 'ready' THEN
        IF is_final(OLD.call_status) AND NEW.due_date <> OLD.due_date THEN
            RETURN NEW; -- another instalment is due: a new round
        ELSIF is_final(OLD.call_status) AND EXISTS (
            SELECT FROM call_sessions AS c WHERE c.id = NEW.latest_call_id AND c.callback_at IS NOT NULL
        ) THEN
            RETURN NEW; -- the borrower asked for it
        ELSIF EXISTS (
            SELECT FROM call_transitions AS t
            WHERE t.subject = 'customer' AND t.from_status = OLD.call_status AND t.to_status = 'ready'
        ) THEN
            RETURN NEW;
        END IF;
    ELSIF NEW.call_status = (SELECT c.status FROM call_sessions AS c WHERE c.id = NEW.latest_call_id) THEN
        RETURN NEW;
    END IF;
    RAISE check_violation USING
        MESSAGE = format('a borrower cannot go from %s to %s', OLD.call_status, NEW.call_status);
END $$;

CREATE OR REPLACE FUNCTION apply_call_facts(
    p_call_id uuid, p_key text, p_source text, p_at timestamptz, p_call_sid text, p_language_used text,
    p_verified boolean, p_disposition text, p_callback_words text, p_callback_time timestamptz DEFAULT NULL
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    call call_sessions;
BEGIN
    PERFORM 1 FROM customers WHERE id = (SELECT customer_id FROM call_sessions WHERE id = p_call_id) FOR UPDATE;
    SELECT * INTO call FROM call_sessions WHERE id = p_call_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'no_call';
    ELSIF EXISTS (SELECT FROM call_facts WHERE call_session_id = p_call_id AND event_key = p_key) THEN
        RETURN 'duplicate';
    ELSIF p_call_sid <> '' AND (
        call.call_sid <> p_call_sid
        OR EXISTS (SELECT FROM call_sessions WHERE call_sid = p_call_sid AND id <> p_call_id)
    ) THEN
        RETURN 'conflict';
    END IF;
    INSERT INTO call_facts (
        call_session_id, event_key, source, timestamp, call_sid, language_used, verified, disposition, callback_words,
        callback_time
    ) VALUES (
        p_call_id, p_key, p_source, p_at, p_call_sid, p_language_used, p_verified, NULLIF(p_disposition, ''),
        p_callback_words, p_callback_time
    );
    UPDATE call_sessions SET
        call_sid = COALESCE(call_sid, NULLIF(p_call_sid, '')),
        verified = verified OR p_verified,
        language_used = COALESCE((
            SELECT f.language_used FROM call_facts AS f
            WHERE f.call_session_id = p_call_id AND f.language_used <> '' ORDER BY f.timestamp DESC, f.id DESC LIMIT 1
        ), ''),
        disposition = (
            SELECT f.disposition FROM call_facts AS f
            WHERE f.call_session_id = p_call_id AND f.disposition IS NOT NULL
            ORDER BY f.timestamp DESC, f.id DESC LIMIT 1
        ),
        (callback_words, callback_time) = (
            SELECT COALESCE(max(f.callback_words), ''), max(f.callback_time) FROM (
                SELECT f.callback_words, f.callback_time FROM call_facts AS f
                WHERE f.call_session_id = p_call_id AND f.callback_words <> ''
                ORDER BY f.timestamp DESC, f.id DESC LIMIT 1
            ) AS f
        )
    WHERE id = p_call_id
    RETURNING * INTO call;
    UPDATE customers SET language_code = call.language_used
    WHERE id = call.customer_id AND call.verified AND call.language_used NOT IN ('', language_code);
    INSERT INTO suppressions (customer_id, phone_number, kind, set_by, call_session_id, until)
    SELECT
        held.customer_id, held.phone_number, d.code, p_source, p_call_id,
        CASE d.hold_days WHEN 0 THEN 'infinity' ELSE calling_now() + make_interval(days => d.hold_days) END
    FROM dispositions AS d
    JOIN (VALUES
        ('loan', call.customer_id, NULL),
        ('phone', NULL, call.phone_number),
        ('wrong', call.customer_id, call.phone_number),
        ('person', call.customer_id, NULL),
        ('person', NULL, call.phone_number)
    ) AS held (holds, customer_id, phone_number) USING (holds)
    WHERE d.code = p_disposition
    ON CONFLICT DO NOTHING;
    RETURN 'applied';
END $$;

CREATE OR REPLACE FUNCTION queue_callback(p_call_id uuid, p_at timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
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
