-- The first schema, S: what orders-api 1.0.0 needs.
CREATE TABLE orders (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer  text NOT NULL,
    placed_at timestamptz NOT NULL DEFAULT now()
);

-- What the application says of itself, so that its errors are known when its pods are gone.
CREATE TABLE app_runs (
    pod        text PRIMARY KEY,
    version    text NOT NULL,
    operations bigint NOT NULL,
    errors     bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE app_errors (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pod       text NOT NULL,
    version   text NOT NULL,
    happened  timestamptz NOT NULL,
    operation text NOT NULL,
    message   text NOT NULL
);
