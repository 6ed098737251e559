-- Whether a borrower is in a call, whichever of their calls it is. No line lasts for six hours: a call of which nobody has
-- told the end by then has lost it.
CREATE FUNCTION is_in_call(p_customer_id bigint) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM call_sessions AS s
    WHERE s.customer_id = p_customer_id AND NOT is_final(s.status)
        AND s.start_time > calling_now() - interval '6 hours'
);

-- A person moves a borrower to another status, by the same table of moves as everybody else; but nobody in a call: to
-- write that it has ended ends no call, and would let another one begin beside it.
--
-- The verdict is 'applied', 'repeated' (it is so already), or why not: 'no_customer', 'changed' (another version than
-- `p_version`, which is 0 for any), 'in_call', 'illegal'. `legal` names the moves that the table knows from where the
-- borrower is.
CREATE FUNCTION set_call_status(
    p_customer_id bigint, p_status text, p_version bigint, p_requested_by text, p_at timestamptz,
    OUT verdict text, OUT legal text[]
) LANGUAGE plpgsql AS $$
DECLARE
    customer customers;
    told text := CASE p_status WHEN 'calling' THEN 'initiated' ELSE p_status END;
    who jsonb := jsonb_build_object('requested_by', p_requested_by);
    event_key text;
BEGIN
    SELECT * INTO customer FROM customers WHERE id = p_customer_id FOR UPDATE;
    IF NOT FOUND THEN
        verdict := 'no_customer';
        RETURN;
    ELSIF p_version NOT IN (0, customer.version) THEN
        verdict := 'changed';
        RETURN;
    ELSIF told = customer.call_status THEN
        verdict := 'repeated';
        RETURN;
    ELSIF is_in_call(p_customer_id) THEN
        verdict := 'in_call';
        RETURN;
    END IF;
    legal := ARRAY(
        SELECT to_status FROM call_transitions
        WHERE from_status = customer.call_status
            AND subject = CASE WHEN is_final(customer.call_status) THEN 'customer' ELSE 'attempt' END
        ORDER BY to_status
    );
    IF told <> ALL (legal) THEN
        verdict := 'illegal';
        RETURN;
    END IF;
    event_key := format('by_hand:%s:%s', told, customer.version);
    IF told = 'ready' THEN
        UPDATE customers SET call_status = 'ready' WHERE id = p_customer_id;
        INSERT INTO call_status_updates
            (call_session_id, event_key, source, status, timestamp, reason, details, applied, refusal)
        VALUES (customer.latest_call_id, event_key, 'operator', 'ready', p_at, 'by_hand', who, true, '');
        verdict := 'applied';
    ELSE
        verdict := apply_call_event(customer.latest_call_id, event_key, 'operator', told, p_at, 'by_hand', who);
    END IF;
END $$;
