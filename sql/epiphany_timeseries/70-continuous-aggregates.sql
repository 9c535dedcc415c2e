-- Continuous aggregates: native/continuous/README.md. Both tables are written by the library only, and travel with pg_dump.

CREATE TABLE epiphany.continuous_catalog (
	user_view pg_catalog.regclass NOT NULL,
	definition pg_catalog.regclass NOT NULL,
	materialization pg_catalog.regclass NOT NULL,
	source pg_catalog.regclass NOT NULL,
	materialized_only pg_catalog.bool NOT NULL,
	refreshes pg_catalog.int8 NOT NULL,
	last_refresh pg_catalog.timestamptz,
	last_ranges pg_catalog.int8 NOT NULL,
	last_buckets pg_catalog.int8 NOT NULL,
	last_deleted pg_catalog.int8 NOT NULL,
	last_inserted pg_catalog.int8 NOT NULL,
	total_buckets pg_catalog.int8 NOT NULL,
	total_deleted pg_catalog.int8 NOT NULL,
	total_inserted pg_catalog.int8 NOT NULL);

COMMENT ON TABLE epiphany.continuous_catalog IS 'a row for each continuous aggregate; see epiphany.continuous_aggregates';

-- Ranges of times, both ends included, in the time column's own units (microseconds since 2000, days since 2000, or integers).
CREATE TABLE epiphany.continuous_pending (
	definition pg_catalog.regclass NOT NULL,
	first pg_catalog.int8 NOT NULL,
	last pg_catalog.int8 NOT NULL);

COMMENT ON TABLE epiphany.continuous_pending IS 'times whose buckets a continuous aggregate''s stored rows do not tell';

CREATE INDEX continuous_pending_definition ON epiphany.continuous_pending (definition);

-- Not for subscribers, whose aggregates have their own.
ALTER TABLE epiphany.continuous_pending REPLICA IDENTITY NOTHING;

SELECT pg_catalog.pg_extension_config_dump('epiphany.continuous_catalog', '');
SELECT pg_catalog.pg_extension_config_dump('epiphany.continuous_pending',
	'WHERE definition IN (SELECT definition FROM epiphany.continuous_catalog)');

-- ---- what views of aggregates call ----

CREATE FUNCTION epiphany.pending(aggregate pg_catalog.regclass, INOUT first pg_catalog.anyelement, OUT last pg_catalog.anyelement)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME', 'pge_continuous_pending'
LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 4;

COMMENT ON FUNCTION epiphany.pending(pg_catalog.regclass, pg_catalog.anyelement) IS
	'ranges of times, both ends included, that a continuous aggregate''s stored rows do not tell as of the calling query; the second argument only names the type of the time column';

CREATE FUNCTION epiphany.is_pending(aggregate pg_catalog.regclass, bucket pg_catalog.timestamptz)
RETURNS pg_catalog.bool
AS 'MODULE_PATHNAME', 'pge_continuous_is_pending'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;

CREATE FUNCTION epiphany.is_pending(aggregate pg_catalog.regclass, bucket pg_catalog.timestamp)
RETURNS pg_catalog.bool
AS 'MODULE_PATHNAME', 'pge_continuous_is_pending'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;

CREATE FUNCTION epiphany.is_pending(aggregate pg_catalog.regclass, bucket pg_catalog.int8)
RETURNS pg_catalog.bool
AS 'MODULE_PATHNAME', 'pge_continuous_is_pending'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;

CREATE FUNCTION epiphany.is_pending(aggregate pg_catalog.regclass, bucket pg_catalog.date)
RETURNS pg_catalog.bool
AS 'MODULE_PATHNAME', 'pge_continuous_is_pending_date'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;

CREATE FUNCTION epiphany.is_pending(aggregate pg_catalog.regclass, bucket pg_catalog.int4)
RETURNS pg_catalog.bool
AS 'MODULE_PATHNAME', 'pge_continuous_is_pending_int4'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;

CREATE FUNCTION epiphany.is_pending(aggregate pg_catalog.regclass, bucket pg_catalog.int2)
RETURNS pg_catalog.bool
AS 'MODULE_PATHNAME', 'pge_continuous_is_pending_int2'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION epiphany.is_pending(pg_catalog.regclass, pg_catalog.timestamptz) IS 'whether the source has changed in this bucket since it was stored';
COMMENT ON FUNCTION epiphany.is_pending(pg_catalog.regclass, pg_catalog.timestamp) IS 'whether the source has changed in this bucket since it was stored';
COMMENT ON FUNCTION epiphany.is_pending(pg_catalog.regclass, pg_catalog.date) IS 'whether the source has changed in this bucket since it was stored';
COMMENT ON FUNCTION epiphany.is_pending(pg_catalog.regclass, pg_catalog.int8) IS 'whether the source has changed in this bucket since it was stored';
COMMENT ON FUNCTION epiphany.is_pending(pg_catalog.regclass, pg_catalog.int4) IS 'whether the source has changed in this bucket since it was stored';
COMMENT ON FUNCTION epiphany.is_pending(pg_catalog.regclass, pg_catalog.int2) IS 'whether the source has changed in this bucket since it was stored';

-- ---- refreshing ----

CREATE PROCEDURE epiphany.refresh_continuous_aggregate(
	continuous_aggregate pg_catalog.regclass, window_start "any", window_end "any", force pg_catalog.bool DEFAULT false)
AS 'MODULE_PATHNAME', 'pge_refresh_continuous_aggregate'
LANGUAGE C;

COMMENT ON PROCEDURE epiphany.refresh_continuous_aggregate(pg_catalog.regclass, "any", "any", pg_catalog.bool) IS
	'stores anew the buckets that lie within the window (NULL: no bound; an interval: that long ago) and have changed, or all of the window''s if forced';

CREATE FUNCTION epiphany.invalidate(relation pg_catalog.regclass, first "any", last "any")
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME', 'pge_continuous_invalidate'
LANGUAGE C VOLATILE;

COMMENT ON FUNCTION epiphany.invalidate(pg_catalog.regclass, "any", "any") IS
	'lets continuous aggregates compute anew the times from first to last, both included (NULL: no bound), at the next refresh and meanwhile from the source; of one aggregate, or of all over a table';

-- ---- what records changes of sources ----

CREATE FUNCTION epiphany.capture_row()
RETURNS pg_catalog.trigger
AS 'MODULE_PATHNAME', 'pge_capture_row_trigger'
LANGUAGE C;

COMMENT ON FUNCTION epiphany.capture_row() IS 'tells continuous aggregates which times a row''s change concerns';

CREATE FUNCTION epiphany.capture_truncate()
RETURNS pg_catalog.trigger
AS 'MODULE_PATHNAME', 'pge_capture_truncate_trigger'
LANGUAGE C;

COMMENT ON FUNCTION epiphany.capture_truncate() IS 'tells continuous aggregates that a table was truncated; on a column table it also marks that its changes are recorded';

-- ---- statements ----

CREATE FUNCTION epiphany.continuous_ddl_start()
RETURNS pg_catalog.event_trigger
AS 'MODULE_PATHNAME', 'pge_continuous_ddl_start'
LANGUAGE C;

COMMENT ON FUNCTION epiphany.continuous_ddl_start() IS 'makes statements about continuous aggregates known to a session that has not loaded the library';

-- Its name sorts before epiphany_ddl_command_start, which would refuse the options of continuous aggregates.
CREATE EVENT TRIGGER epiphany_continuous_start ON ddl_command_start
WHEN TAG IN ('ALTER MATERIALIZED VIEW', 'ALTER TABLE', 'ALTER VIEW', 'COMMENT', 'CREATE INDEX', 'CREATE MATERIALIZED VIEW', 'CREATE VIEW',
	'DROP MATERIALIZED VIEW')
EXECUTE FUNCTION epiphany.continuous_ddl_start();

ALTER EVENT TRIGGER epiphany_continuous_start ENABLE ALWAYS;

CREATE FUNCTION epiphany.continuous_ddl_end()
RETURNS pg_catalog.event_trigger
AS 'MODULE_PATHNAME', 'pge_continuous_ddl_end'
LANGUAGE C;

COMMENT ON FUNCTION epiphany.continuous_ddl_end() IS 'keeps sources of continuous aggregates recorded when they change their access method';

CREATE EVENT TRIGGER epiphany_continuous_end ON ddl_command_end
WHEN TAG IN ('ALTER TABLE')
EXECUTE FUNCTION epiphany.continuous_ddl_end();

ALTER EVENT TRIGGER epiphany_continuous_end ENABLE ALWAYS;

CREATE FUNCTION epiphany.continuous_drop()
RETURNS pg_catalog.event_trigger
AS 'MODULE_PATHNAME', 'pge_continuous_drop'
LANGUAGE C;

COMMENT ON FUNCTION epiphany.continuous_drop() IS 'drops what is left of a continuous aggregate when a part of it was dropped';

CREATE EVENT TRIGGER epiphany_continuous_drop ON sql_drop
EXECUTE FUNCTION epiphany.continuous_drop();

ALTER EVENT TRIGGER epiphany_continuous_drop ENABLE ALWAYS;

-- ---- views ----

CREATE VIEW epiphany.continuous_aggregates AS
SELECT
	source_schema.nspname AS hypertable_schema,
	source.relname AS hypertable_name,
	view_schema.nspname AS view_schema,
	"view".relname AS view_name,
	pg_catalog.pg_get_userbyid("view".relowner) AS view_owner,
	c.materialized_only,
	data_am.amname <> 'heap' AS compression_enabled,
	data_schema.nspname AS materialization_hypertable_schema,
	data.relname AS materialization_hypertable_name,
	pg_catalog.pg_get_viewdef(c.definition) AS view_definition
FROM epiphany.continuous_catalog c
	JOIN pg_catalog.pg_class source ON source.oid = c.source
	JOIN pg_catalog.pg_namespace source_schema ON source_schema.oid = source.relnamespace
	JOIN pg_catalog.pg_class "view" ON "view".oid = c.user_view
	JOIN pg_catalog.pg_namespace view_schema ON view_schema.oid = "view".relnamespace
	JOIN pg_catalog.pg_class data ON data.oid = c.materialization
	JOIN pg_catalog.pg_namespace data_schema ON data_schema.oid = data.relnamespace
	JOIN pg_catalog.pg_am data_am ON data_am.oid = data.relam;

COMMENT ON VIEW epiphany.continuous_aggregates IS 'continuous aggregates: source, view, where rows are stored, and the query';

CREATE VIEW epiphany.continuous_aggregate_stats AS
SELECT
	c.user_view AS continuous_aggregate,
	c.refreshes,
	c.last_refresh,
	c.last_ranges,
	c.last_buckets,
	c.last_deleted,
	c.last_inserted,
	c.total_buckets,
	c.total_deleted,
	c.total_inserted,
	(SELECT pg_catalog.count(*) FROM epiphany.continuous_pending p WHERE p.definition = c.definition) AS pending_rows
FROM epiphany.continuous_catalog c;

COMMENT ON VIEW epiphany.continuous_aggregate_stats IS
	'what refreshes did: ranges of times, buckets that have rows, rows taken away and stored, of the last refresh that found something and of all; and rows of the log of changes';

GRANT SELECT ON epiphany.continuous_aggregates, epiphany.continuous_aggregate_stats TO PUBLIC;
