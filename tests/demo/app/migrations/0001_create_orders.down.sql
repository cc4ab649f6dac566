DROP TABLE app_errors, app_runs, orders;
