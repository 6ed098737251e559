-- The only ways a call begins and moves on. Triggers refuse every other way with 23514 (check_violation), so that a
-- mistake in these functions, or a statement written by hand, cannot falsify the record.
--
-- Lock order, the same everywhere: the borrower's row, then the phone, then the call's row.

CREATE FUNCTION is_final(status text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN status IN ('completed', 'failed', 'not_picked');

-- Whether somebody could be rung in an attempt: if not, it counts for no cap.
CREATE FUNCTION could_ring(status text, reason text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN NOT (status = 'failed' AND reason IN ('never_placed', 'not_placed', 'carrier_refused'));

CREATE FUNCTION check_call_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> (CASE NEW.direction WHEN 'outbound' THEN 'initiated' ELSE 'ringing' END) THEN
            RAISE check_violation USING MESSAGE = format('a call cannot begin as %s', NEW.status);
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.status <> OLD.status AND NOT EXISTS (
        SELECT FROM call_transitions AS t
        WHERE t.subject = 'attempt' AND t.from_status = OLD.status AND t.to_status = NEW.status
    ) THEN
        RAISE check_violation USING MESSAGE = format('a call cannot go from %s to %s', OLD.status, NEW.status);
    END IF;
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$;

CREATE TRIGGER check_call_move BEFORE INSERT OR UPDATE ON call_sessions
FOR EACH ROW EXECUTE FUNCTION check_call_move();

CREATE FUNCTION check_customer_move() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE TRIGGER check_customer_move BEFORE UPDATE ON customers
FOR EACH ROW EXECUTE FUNCTION check_customer_move();

-- An attempt is written in two steps, between which whoever asks has to ask the rules of calling. The first locks the
-- borrower and the phone, so that what the rules look at still holds when the attempt is written. Its verdict is 'free',
-- 'repeated' (this request had begun an attempt before), 'no_customer', or 'other_request' (the id was used for another).
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

-- Rules that no setting changes, for statements that were written by hand: 08:00-19:00 in India, nobody who is held, and
-- nobody who is ringing us (a second call from us is refused by the indexes one_live_call_per_*).
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
    IF EXISTS (
        SELECT FROM call_sessions AS s
        WHERE s.direction = 'inbound' AND s.status NOT IN ('completed', 'failed', 'not_picked')
            AND (s.customer_id = NEW.customer_id OR s.phone_number = NEW.phone_number)
    ) THEN
        RAISE check_violation USING MESSAGE = 'the customer, or somebody with the same phone, is in a call';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER check_attempt BEFORE INSERT ON call_sessions
FOR EACH ROW WHEN (NEW.direction = 'outbound') EXECUTE FUNCTION check_attempt();

-- Begins an attempt for a borrower who rings us. The verdict is 'begun', 'repeated', 'no_customer' or 'other_call'
-- (this carrier's id belongs to another call).
CREATE FUNCTION begin_inbound_call(p_call_sid text, p_customer_id bigint, OUT verdict text, OUT call_id uuid)
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
    SELECT * INTO earlier FROM call_sessions WHERE call_sid = p_call_sid;
    IF FOUND THEN
        verdict := CASE
            WHEN earlier.customer_id = p_customer_id AND earlier.direction = 'inbound' THEN 'repeated'
            ELSE 'other_call'
        END;
        call_id := earlier.id;
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(customer.phone_number, 0));
    INSERT INTO call_sessions (call_sid, customer_id, direction, phone_number, status)
    VALUES (p_call_sid, p_customer_id, 'inbound', customer.phone_number, 'ringing')
    RETURNING id INTO call_id;
    UPDATE customers SET call_status = 'ringing', latest_call_id = begin_inbound_call.call_id WHERE id = p_customer_id;
    verdict := 'begun';
END $$;

-- Takes a status that somebody tells about a call. The verdict is
--   'applied'    it holds now;
--   'duplicate'  this very event had been told before;
--   'repeated'   somebody else had told the same status: history only;
--   'conflict'   another final status holds: history only;
--   'illegal'    the table does not name this move, as when it comes late: history only;
--   'no_call'    there is no such call.
-- An end of which nobody says what was achieved says it by its reason.
CREATE FUNCTION apply_call_event(
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

-- Takes what became known in a call. Of each fact the one with the latest timestamp holds, in whatever order they come.
-- The time that a borrower asked for is that of the latest words, or none.
-- A disposition that says so holds further calls; a verified borrower's language is remembered for the next call.
-- The verdict is 'applied', 'duplicate', 'no_call', or 'conflict': the call has another call_sid, or another call this.
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

-- Takes what was said. The verdict is 'applied', 'duplicate', 'no_call', or 'conflict': another turn has this number.
CREATE FUNCTION record_call_turn(
    p_call_id uuid, p_key text, p_seq integer, p_speaker text, p_state text, p_text text, p_language text,
    p_intent text, p_decided_by text, p_started_ms bigint, p_ended_ms bigint, p_interrupted boolean
) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM call_sessions WHERE id = p_call_id) THEN
        RETURN 'no_call';
    END IF;
    INSERT INTO call_turns (
        call_session_id, event_key, seq, speaker, state, text, language, intent, decided_by,
        started_ms, ended_ms, interrupted
    ) VALUES (
        p_call_id, p_key, p_seq, p_speaker, p_state, p_text, p_language, p_intent, p_decided_by,
        p_started_ms, p_ended_ms, p_interrupted
    ) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        RETURN 'applied';
    ELSIF EXISTS (SELECT FROM call_turns WHERE call_session_id = p_call_id AND event_key = p_key) THEN
        RETURN 'duplicate';
    END IF;
    RETURN 'conflict';
END $$;
