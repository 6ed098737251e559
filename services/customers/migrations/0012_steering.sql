-- A campaign is steered by its own row, which whoever begins a call locks and reads. Its entries and jobs follow in
-- steps, worker by worker, so that steering 100 000 borrowers takes no longer than steering one. Here stands how far.
CREATE TABLE campaign_steps (
    campaign_id bigint PRIMARY KEY REFERENCES campaigns (id),
    after_customer_id bigint NOT NULL DEFAULT 0
);

-- Of campaigns that were steered before, nothing is left to do: their entries and jobs were moved at once.
