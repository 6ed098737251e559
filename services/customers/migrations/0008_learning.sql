-- What calls learn stops or moves further calls: outcomes of unanswered calls, times that borrowers ask for, and what
-- people at a desk set and lift. And no attempt is written but by way of the rules.

-- A suppression is lifted, never deleted: who did it and why stays.
ALTER TABLE suppressions
ADD COLUMN lifted_at timestamptz,
ADD COLUMN lifted_by text,
ADD COLUMN lift_note text NOT NULL DEFAULT '',
ADD CHECK ((lifted_at IS NULL) = (lifted_by IS NULL));

-- One hold for each thing that a call has told; what people set, they may set again.
ALTER TABLE suppressions DROP CONSTRAINT suppressions_call_session_id_kind_customer_id_phone_number_key;
CREATE UNIQUE INDEX one_hold_per_call ON suppressions (call_session_id, kind, customer_id, phone_number)
NULLS NOT DISTINCT WHERE call_session_id IS NOT NULL;

-- What is achieved by a call of which nobody says what was achieved, by the reason of its end.
CREATE TABLE call_outcomes (
    reason text PRIMARY KEY,
    disposition text NOT NULL REFERENCES dispositions (code)
);

INSERT INTO call_outcomes (reason, disposition) VALUES
    ('no_answer', 'RNR'),
    ('busy', 'BUSY'),
    ('canceled', 'REJ'),
    ('carrier_failed', 'SWOFF'), -- Exotel tells a phone that is off, or cannot be reached, as failed
    ('carrier_refused', 'BLOCKED'),
    ('never_placed', 'NETFAIL'),
    ('not_placed', 'NETFAIL'),
    ('socket_never_opened', 'NETFAIL'),
    ('telephony_lost', 'NETFAIL'),
    ('media_lost', 'NETFAIL'),
    ('hung_up_early', 'HANGUP_EARLY'),
    ('no_response', 'SILENT'),
    ('voicemail', 'MACHINE');

ALTER TABLE call_facts ADD COLUMN callback_time timestamptz; -- what `callback_words` name; null when they name none
ALTER TABLE call_sessions
ADD COLUMN callback_time timestamptz,
ADD COLUMN callback_at timestamptz; -- for when the next call was queued, which the borrower had asked for

-- The slots that are taken, without a look at the calls of years.
CREATE INDEX live_calls ON call_sessions (direction) WHERE status NOT IN ('completed', 'failed', 'not_picked');
CREATE INDEX entries_by_call ON dial_entries (call_session_id);

-- A job is found by its entry, so that pausing and cancelling need not wait for a worker to look at it.
UPDATE pgqueuer SET dedupe_key = 'dial:' || convert_from(payload, 'UTF8') WHERE entrypoint = 'dial' AND payload IS NOT NULL;

-- A borrower whose call is complete may be called again when that is what they asked for.
CREATE OR REPLACE FUNCTION check_customer_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    NEW.updated_at := now();
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

-- An attempt is written in two steps, between which whoever asks has to ask the rules of calling. The first locks the
-- borrower and the phone, so that what the rules look at still holds when the attempt is written. Its verdict is 'free',
-- 'repeated' (this request had begun an attempt before), 'no_customer', or 'other_request' (the id was used for another).
DROP FUNCTION begin_call(text, bigint);
DROP FUNCTION is_held(customers);

CREATE FUNCTION lock_for_call(p_request_id text, p_customer_id bigint, OUT verdict text, OUT call_id uuid)
LANGUAGE plpgsql AS $$
DECLARE
    customer customers;
    earlier call_sessions;
BEGIN
    SELECT * INTO customer FROM customers WHERE id = p_customer_id FOR UPDATE;
    IF NOT FOUND THEN
        verdict := 'no_customer';
        RETURN;
    END IF;
    SELECT * INTO earlier FROM call_sessions WHERE request_id = p_request_id;
    IF FOUND THEN
        verdict := CASE WHEN earlier.customer_id = p_customer_id THEN 'repeated' ELSE 'other_request' END;
        call_id := earlier.id;
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(customer.phone_number, 0));
    verdict := 'free';
END $$;

-- The second writes it, by the clock of calling. The trigger below refuses what the law forbids, whoever asks.
CREATE FUNCTION write_attempt(p_request_id text, p_customer_id bigint, p_at timestamptz) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
    written uuid;
BEGIN
    INSERT INTO call_sessions (request_id, customer_id, direction, phone_number, status, start_time)
    SELECT p_request_id, c.id, 'outbound', c.phone_number, 'initiated', p_at FROM customers AS c
    WHERE c.id = p_customer_id AND c.call_status = 'ready'
    RETURNING id INTO STRICT written;
    UPDATE customers SET call_status = 'initiated', latest_call_id = written WHERE id = p_customer_id;
    RETURN written;
END $$;

-- Rules that no setting changes, for statements that were written by hand: 08:00-19:00 in India, and nobody who is held.
CREATE FUNCTION check_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    india time := (NEW.start_time AT TIME ZONE 'Asia/Kolkata')::time;
BEGIN
    IF india < '08:00' OR india >= '19:00' THEN
        RAISE check_violation USING MESSAGE = 'nobody may be called before 08:00 or from 19:00 on';
    END IF;
    IF EXISTS (
        SELECT FROM suppressions AS s
        WHERE s.lifted_at IS NULL AND s.until > NEW.start_time
            AND (s.customer_id = NEW.customer_id OR s.customer_id IS NULL AND s.phone_number = NEW.phone_number)
            AND COALESCE(s.phone_number, NEW.phone_number) = NEW.phone_number
    ) THEN
        RAISE check_violation USING MESSAGE = 'the customer must not be called';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER check_attempt BEFORE INSERT ON call_sessions
FOR EACH ROW WHEN (NEW.direction = 'outbound') EXECUTE FUNCTION check_attempt();

-- As in 0003, and beyond it: an end of which nobody says what was achieved says it by its reason.
CREATE OR REPLACE FUNCTION apply_call_event(
    p_call_id uuid, p_key text, p_source text, p_status text, p_at timestamptz, p_reason text, p_details jsonb
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    call call_sessions;
    told text := CASE p_status WHEN 'calling' THEN 'initiated' ELSE p_status END;
    verdict text;
BEGIN
    PERFORM 1 FROM customers WHERE id = (SELECT customer_id FROM call_sessions WHERE id = p_call_id) FOR UPDATE;
    SELECT * INTO call FROM call_sessions WHERE id = p_call_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'no_call';
    ELSIF EXISTS (SELECT FROM call_status_updates WHERE call_session_id = p_call_id AND event_key = p_key) THEN
        RETURN 'duplicate';
    END IF;
    verdict := CASE
        WHEN told = call.status THEN 'repeated'
        WHEN is_final(told) AND is_final(call.status) THEN 'conflict'
        WHEN EXISTS (
            SELECT FROM call_transitions
            WHERE subject = 'attempt' AND from_status = call.status AND to_status = told
        ) THEN 'applied'
        ELSE 'illegal'
    END;
    INSERT INTO call_status_updates
        (call_session_id, event_key, source, status, timestamp, reason, details, applied, refusal)
    VALUES (
        p_call_id, p_key, p_source, told, p_at, p_reason, p_details,
        verdict = 'applied', CASE verdict WHEN 'applied' THEN '' ELSE verdict END
    );
    IF verdict = 'applied' THEN
        UPDATE call_sessions SET
            status = told,
            reason = CASE WHEN is_final(told) THEN p_reason ELSE '' END,
            answer_time = CASE WHEN told = 'in_progress' THEN p_at ELSE answer_time END,
            end_time = CASE WHEN is_final(told) THEN p_at END
        WHERE id = p_call_id;
        UPDATE customers SET call_status = told WHERE id = call.customer_id AND latest_call_id = p_call_id;
        -- Dated before all else that is told of the call, so that whatever the bot says of it holds.
        IF is_final(told) THEN
            PERFORM apply_call_facts(
                p_call_id, 'outcome', p_source, '-infinity', '', '', false, o.disposition, '', NULL
            ) FROM call_outcomes AS o WHERE o.reason = p_reason AND call.disposition IS NULL;
        END IF;
    END IF;
    RETURN verdict;
END $$;

-- As in 0003, with the time that the borrower asked for: it is that of the latest words, or none.
DROP FUNCTION apply_call_facts(uuid, text, text, timestamptz, text, text, boolean, text, text);

CREATE FUNCTION apply_call_facts(
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
        CASE d.hold_days WHEN 0 THEN 'infinity' ELSE now() + make_interval(days => d.hold_days) END
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
    INSERT INTO suppressions (customer_id, phone_number, kind, set_by, call_session_id, until) VALUES
        (call.customer_id, NULL, 'CALLBACK', 'bot', p_call_id, p_at),
        (NULL, call.phone_number, 'CALLBACK', 'bot', p_call_id, p_at)
    ON CONFLICT DO NOTHING;
    UPDATE customers SET call_status = 'ready'
    WHERE id = call.customer_id AND latest_call_id = p_call_id AND is_final(call_status);
    UPDATE dial_entries AS e SET
        state = 'waiting', code = 'CALLBACK', not_before = p_at, updated_at = now(),
        tries = e.tries + CASE e.state WHEN 'calling' THEN 1 ELSE 0 END
    FROM campaigns AS c
    WHERE e.customer_id = call.customer_id AND c.id = e.campaign_id AND c.state <> 'cancelled'
        AND (e.state = 'waiting' OR e.state = 'calling' AND e.call_session_id = p_call_id);
    IF FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE dial_entries SET state = 'done', code = call.reason, tries = tries + 1, updated_at = now()
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

-- As in 0006, with where the borrower lives, and when somebody with this loan or phone was last spoken with to the end,
-- unless they asked for another call. Attempts are written after they were judged, so none is left out any more.
DROP FUNCTION dial_facts(bigint[], timestamptz, uuid);

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
