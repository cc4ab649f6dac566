DROP TRIGGER orders_keep_customer_in_step ON orders;
DROP FUNCTION orders_keep_customer_in_step();
ALTER TABLE orders DROP COLUMN customer_name;
