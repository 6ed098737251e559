-- Calls: one row of call_sessions is one attempt. A retry is a new row.

-- The legal moves. An attempt never goes back to `ready`: a borrower does.
CREATE TABLE call_transitions (
    subject text NOT NULL CHECK (subject IN ('attempt', 'customer')),
    from_status text NOT NULL,
    to_status text NOT NULL,
    PRIMARY KEY (subject, from_status, to_status)
);

INSERT INTO call_transitions (subject, from_status, to_status) VALUES
    ('attempt', 'initiated', 'ringing'),
    ('attempt', 'initiated', 'in_progress'), -- the carrier may never tell that it rings
    ('attempt', 'initiated', 'not_picked'),
    ('attempt', 'initiated', 'completed'),
    ('attempt', 'initiated', 'failed'),
    ('attempt', 'ringing', 'in_progress'),
    ('attempt', 'ringing', 'not_picked'),
    ('attempt', 'ringing', 'completed'),
    ('attempt', 'ringing', 'failed'),
    ('attempt', 'in_progress', 'agent_transfer'),
    ('attempt', 'in_progress', 'completed'),
    ('attempt', 'in_progress', 'failed'),
    ('attempt', 'agent_transfer', 'completed'),
    ('attempt', 'agent_transfer', 'failed'),
    ('customer', 'failed', 'ready'),
    ('customer', 'not_picked', 'ready');

-- What a call can achieve, and what is then held: whom we do not call for some days, or until a person lifts it.
CREATE TABLE dispositions (
    code text PRIMARY KEY,
    meaning text NOT NULL,
    hold_days integer CHECK (hold_days >= 0), -- null: nothing is held; 0: until a person lifts it
    holds text CHECK (holds IN (
        'loan',  -- this loan, on whatever phone
        'phone', -- this phone, for whatever loan
        'wrong', -- this loan on this phone: another phone may be right, and another borrower may own this one
        'person' -- this loan on whatever phone, and this phone for whatever loan
    )),
    CHECK ((hold_days IS NULL) = (holds IS NULL))
);

INSERT INTO dispositions (code, meaning, hold_days, holds) VALUES
    ('RNR', 'rang, no response', NULL, NULL),
    ('BUSY', 'engaged', NULL, NULL),
    ('SWOFF', 'switched off or not reachable', NULL, NULL),
    ('INVALID', 'number not in service', 0, 'phone'),
    ('REJ', 'rejected', NULL, NULL),
    ('NETFAIL', 'failure of provider or network', NULL, NULL),
    ('BLOCKED', 'refused by our own rules', NULL, NULL),
    ('SILENT', 'answered, no speech', NULL, NULL),
    ('MACHINE', 'assistant or voicemail', NULL, NULL),
    ('HANGUP_EARLY', 'hung up before verification', NULL, NULL),
    ('WN', 'wrong number', 0, 'wrong'),
    ('TPC', 'a third party answered', NULL, NULL),
    ('LANG', 'language barrier', 0, 'loan'),
    ('RPC_INFO', 'right party, details played to the end', 3, 'loan'),
    ('RPC_PART', 'right party, hung up midway', NULL, NULL),
    ('PTP', 'promised to pay', 1, 'loan'),
    ('PTP_PART', 'promised to pay a part', 1, 'loan'),
    ('BPTP', 'broke a promise', NULL, NULL),
    ('PAID', 'says it is paid', 3, 'loan'),
    ('DISP', 'disputes the loan', 0, 'loan'),
    ('FRAUD', 'says fraud, or not my loan', 0, 'loan'),
    ('HARD', 'hardship', 7, 'loan'),
    ('RTP', 'refuses to pay', 7, 'loan'),
    ('CB', 'asked to be called back', NULL, NULL),
    ('XFER_OK', 'handed to a person', NULL, NULL),
    ('XFER_FAIL', 'could not be handed to a person', NULL, NULL),
    ('DNC', 'do not call', 0, 'person'),
    ('DECD', 'deceased', 0, 'person'),
    ('VULN', 'vulnerable, or in distress', 0, 'person'),
    ('REC_OBJECT', 'objects to recording', 0, 'person'),
    ('COMPL', 'complaint', 0, 'person');

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

CREATE TABLE call_sessions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    call_sid text UNIQUE, -- the carrier's id, once known
    request_id text UNIQUE, -- makes an outbound attempt safe to ask for twice
    customer_id bigint NOT NULL REFERENCES customers (id),
    direction text NOT NULL CHECK (direction IN ('outbound', 'inbound')),
    phone_number text NOT NULL, -- as it was dialled
    status text NOT NULL CHECK (
        status IN ('initiated', 'ringing', 'in_progress', 'agent_transfer', 'completed', 'failed', 'not_picked')
    ),
    reason text NOT NULL DEFAULT '',
    disposition text REFERENCES dispositions (code),
    language_used text NOT NULL DEFAULT '',
    verified boolean NOT NULL DEFAULT false,
    callback_words text NOT NULL DEFAULT '',
    start_time timestamptz NOT NULL DEFAULT calling_now(),
    answer_time timestamptz,
    end_time timestamptz,
    version bigint NOT NULL DEFAULT 1,
    callback_time timestamptz, -- what `callback_words` name; null when they name none
    callback_at timestamptz, -- for when the next call was queued, which the borrower had asked for
    CHECK ((direction = 'outbound') = (request_id IS NOT NULL)),
    CHECK (direction = 'outbound' OR call_sid IS NOT NULL),
    CHECK ((status IN ('completed', 'failed', 'not_picked')) = (end_time IS NOT NULL))
);

ALTER TABLE customers
ADD CONSTRAINT customers_latest_call FOREIGN KEY (latest_call_id) REFERENCES call_sessions (id);

-- Nobody is ever called twice at once: neither a borrower, nor a phone that several loans share.
CREATE UNIQUE INDEX one_live_call_per_customer ON call_sessions (customer_id)
WHERE direction = 'outbound' AND status NOT IN ('completed', 'failed', 'not_picked');
CREATE UNIQUE INDEX one_live_call_per_phone ON call_sessions (phone_number)
WHERE direction = 'outbound' AND status NOT IN ('completed', 'failed', 'not_picked');

CREATE INDEX calls_by_customer ON call_sessions (customer_id, start_time DESC, id DESC);
CREATE INDEX calls_by_phone ON call_sessions (phone_number, start_time DESC);
CREATE INDEX calls_by_time ON call_sessions (start_time DESC, id DESC);

-- The slots that are taken, without a look at the calls of years.
CREATE INDEX live_calls ON call_sessions (direction) WHERE status NOT IN ('completed', 'failed', 'not_picked');

-- Everything that anybody told about a call's status, taken or not.
CREATE TABLE call_status_updates (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call_session_id uuid NOT NULL REFERENCES call_sessions (id),
    event_key text NOT NULL,
    source text NOT NULL,
    status text NOT NULL,
    timestamp timestamptz NOT NULL, -- when it happened, as its source says
    recorded_at timestamptz NOT NULL DEFAULT calling_now(),
    reason text NOT NULL DEFAULT '',
    details jsonb NOT NULL DEFAULT '{}',
    applied boolean NOT NULL,
    refusal text NOT NULL DEFAULT '', -- 'repeated', 'illegal' or 'conflict'
    UNIQUE (call_session_id, event_key),
    CHECK (applied = (refusal = ''))
);

CREATE UNIQUE INDEX one_final_per_call ON call_status_updates (call_session_id)
WHERE applied AND status IN ('completed', 'failed', 'not_picked');

-- What became known in a call, as it was told. call_sessions holds the latest of each.
CREATE TABLE call_facts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call_session_id uuid NOT NULL REFERENCES call_sessions (id),
    event_key text NOT NULL,
    source text NOT NULL,
    timestamp timestamptz NOT NULL,
    call_sid text NOT NULL,
    language_used text NOT NULL,
    verified boolean NOT NULL,
    disposition text REFERENCES dispositions (code),
    callback_words text NOT NULL,
    callback_time timestamptz,
    UNIQUE (call_session_id, event_key)
);

-- What was said.
CREATE TABLE call_turns (
    call_session_id uuid NOT NULL REFERENCES call_sessions (id),
    seq integer NOT NULL CHECK (seq > 0),
    event_key text NOT NULL,
    speaker text NOT NULL CHECK (speaker IN ('bot', 'borrower')),
    state text NOT NULL,
    text text NOT NULL,
    language text NOT NULL,
    intent text NOT NULL,
    decided_by text NOT NULL,
    started_ms bigint NOT NULL, -- since the borrower answered
    ended_ms bigint NOT NULL,
    interrupted boolean NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT calling_now(),
    PRIMARY KEY (call_session_id, seq),
    UNIQUE (call_session_id, event_key)
);

-- Whom we must not call: a loan, a phone, or a loan on a phone; what is null is any. Rows are lifted, never
-- deleted: who did it and why stays.
CREATE TABLE suppressions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint REFERENCES customers (id),
    phone_number text,
    kind text NOT NULL, -- a disposition, or a word of the person who set it
    set_by text NOT NULL,
    call_session_id uuid REFERENCES call_sessions (id),
    since timestamptz NOT NULL DEFAULT calling_now(),
    until timestamptz NOT NULL DEFAULT 'infinity',
    note text NOT NULL DEFAULT '',
    lifted_at timestamptz,
    lifted_by text,
    lift_note text NOT NULL DEFAULT '',
    CHECK (customer_id IS NOT NULL OR phone_number IS NOT NULL),
    CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);

-- One hold for each thing that a call has told; what people set, they may set again.
CREATE UNIQUE INDEX one_hold_per_call ON suppressions (call_session_id, kind, customer_id, phone_number)
NULLS NOT DISTINCT WHERE call_session_id IS NOT NULL;

CREATE INDEX suppressions_by_customer ON suppressions (customer_id, until);
CREATE INDEX suppressions_by_phone ON suppressions (phone_number, until);
