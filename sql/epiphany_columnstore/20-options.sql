-- Loads the library where a session has not yet done so, and hands it the statement: WITH (epiphany.name = value) works without preloading.
-- Every command that may carry our options, or contain one that does, or set a label of ours.
CREATE FUNCTION epiphany.ddl_command_start()
RETURNS pg_catalog.event_trigger
AS 'MODULE_PATHNAME', 'pge_ddl_command_start'
LANGUAGE C;

COMMENT ON FUNCTION epiphany.ddl_command_start() IS 'makes table options known to a session that has not loaded the library';

CREATE EVENT TRIGGER epiphany_ddl_command_start ON ddl_command_start
WHEN TAG IN ('ALTER MATERIALIZED VIEW', 'ALTER TABLE', 'ALTER TYPE', 'CREATE MATERIALIZED VIEW', 'CREATE SCHEMA', 'CREATE TABLE', 'CREATE TABLE AS',
	'SECURITY LABEL')
EXECUTE FUNCTION epiphany.ddl_command_start();

-- Also where session_replication_role is replica, as in a restore with triggers off.
ALTER EVENT TRIGGER epiphany_ddl_command_start ENABLE ALWAYS;

COMMENT ON EVENT TRIGGER epiphany_ddl_command_start IS 'makes table options known to a session that has not loaded the library';
