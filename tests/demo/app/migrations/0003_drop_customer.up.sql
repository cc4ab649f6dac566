-- Contract, S+1 to S+2: drops the column customer. orders-api 1.x cannot work without it.
BEGIN;
SET LOCAL lock_timeout = '5s';

DROP TRIGGER orders_keep_customer_in_step ON orders;
DROP FUNCTION orders_keep_customer_in_step();
ALTER TABLE orders ALTER COLUMN customer_name SET NOT NULL, DROP COLUMN customer;
COMMIT;
