-- Expand, S to S+1: adds the column customer_name. Additive only: orders-api 1.x does not notice.
BEGIN;
SET LOCAL lock_timeout = '5s'; -- rather fail than make the application queue behind us

ALTER TABLE orders ADD COLUMN customer_name text;

-- While both versions run, each writes the column that it knows; this fills the other.
CREATE FUNCTION orders_keep_customer_in_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.customer IS DISTINCT FROM OLD.customer THEN
        NEW.customer_name := NEW.customer;
    ELSIF TG_OP = 'UPDATE' AND NEW.customer_name IS DISTINCT FROM OLD.customer_name THEN
        NEW.customer := NEW.customer_name;
    END IF;
    NEW.customer_name := COALESCE(NEW.customer_name, NEW.customer);
    NEW.customer := COALESCE(NEW.customer, NEW.customer_name);
    RETURN NEW;
END
$$;
CREATE TRIGGER orders_keep_customer_in_step BEFORE INSERT OR UPDATE ON orders
    FOR EACH ROW EXECUTE FUNCTION orders_keep_customer_in_step();
COMMIT;

-- The rows that are there already. A large table wants a migration of its own for this (step Data), in batches.
UPDATE orders SET customer_name = customer WHERE customer_name IS NULL;
