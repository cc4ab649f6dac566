-- The column comes back, and with it what customer_name holds; the trigger is that of 0002.
ALTER TABLE orders ADD COLUMN customer text;
UPDATE orders SET customer = customer_name;
ALTER TABLE orders ALTER COLUMN customer SET NOT NULL, ALTER COLUMN customer_name DROP NOT NULL;
