-- What there is, what is to be done, and what did not go well.
CREATE FUNCTION epiphany.tiering_groups(
	relation pg_catalog.regclass DEFAULT NULL,
	OUT "table" pg_catalog.regclass,
	OUT tier pg_catalog.text,
	OUT group_id pg_catalog.int8,
	OUT rows pg_catalog.int8,
	OUT local_bytes pg_catalog.int8,
	OUT object_bytes pg_catalog.int8,
	OUT reads pg_catalog.int8,
	OUT last_read pg_catalog.timestamptz,
	OUT known_since pg_catalog.timestamptz,
	OUT requests pg_catalog.int8,
	OUT bytes_read pg_catalog.int8,
	OUT cache_hits pg_catalog.int8)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME', 'pge_tiering_groups'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION epiphany.tiering_groups(pg_catalog.regclass)
	IS 'row groups of a column table, or of all that one may read, with their tier and bytes, and how they were read';

CREATE FUNCTION epiphany.group_access(
	relation pg_catalog.regclass,
	OUT group_id pg_catalog.int8,
	OUT tier pg_catalog.text,
	OUT reads pg_catalog.int8,
	OUT last_read pg_catalog.timestamptz,
	OUT known_since pg_catalog.timestamptz,
	OUT requests pg_catalog.int8,
	OUT bytes_read pg_catalog.int8,
	OUT cache_hits pg_catalog.int8)
RETURNS SETOF pg_catalog.record
LANGUAGE sql STRICT VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT g.group_id, g.tier, g.reads, g.last_read, g.known_since, g.requests, g.bytes_read, g.cache_hits FROM epiphany.tiering_groups(relation) g
$$;

COMMENT ON FUNCTION epiphany.group_access(pg_catalog.regclass)
	IS 'how often queries have read a column table''s row groups since known_since, when last, and what was asked of stores for them';

CREATE FUNCTION epiphany.groups_to_move(
	relation pg_catalog.regclass,
	tier pg_catalog.text,
	older_than pg_catalog.text DEFAULT NULL,
	not_read_for pg_catalog.interval DEFAULT NULL,
	OUT "table" pg_catalog.regclass,
	OUT group_id pg_catalog.int8,
	OUT rows pg_catalog.int8)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME', 'pge_groups_to_move'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.groups_to_move(pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.interval)
	IS 'row groups that move_groups() with the same arguments would look for now';

-- Policies are jobs of another extension, which may not be there.
CREATE FUNCTION epiphany.tiering_policies(
	OUT job_id pg_catalog.int4,
	OUT "table" pg_catalog.regclass,
	OUT tier pg_catalog.text,
	OUT store pg_catalog.text,
	OUT older_than pg_catalog.text,
	OUT not_read_for pg_catalog.interval,
	OUT pending pg_catalog.int8,
	OUT failures pg_catalog.int8,
	OUT last_error pg_catalog.text,
	OUT last_failure pg_catalog.timestamptz,
	OUT next_start pg_catalog.timestamptz)
RETURNS SETOF pg_catalog.record
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $epiphany$
BEGIN
	IF to_regclass('epiphany.job_stats') IS NULL THEN
		RETURN;
	END IF;
	RETURN QUERY EXECUTE $query$
	WITH policy AS (
		SELECT j.job_id, to_regclass(format('%I.%I', j.hypertable_schema, j.hypertable_name)) AS relation, replace(j.proc_name, 'policy_tiering_', '') AS tier,
			j.config ->> 'store' AS store, j.config ->> 'older_than' AS older_than, (j.config ->> 'not_read_for')::interval AS not_read_for,
			s.next_start, s.last_successful_finish
		FROM epiphany.jobs j LEFT JOIN epiphany.job_stats s USING (job_id)
		WHERE j.proc_schema = 'epiphany' AND j.proc_name IN ('policy_tiering_cold', 'policy_tiering_frozen'))
	SELECT p.job_id, p.relation, p.tier, p.store, p.older_than, p.not_read_for,
		(SELECT count(*) FROM epiphany.groups_to_move(p.relation, p.tier, p.older_than, p.not_read_for)),
		(SELECT count(*) FROM epiphany.job_errors e WHERE e.job_id = p.job_id AND (e.start_time <= p.last_successful_finish) IS NOT TRUE),
		e.err_message, e.finish_time, p.next_start
	FROM policy p LEFT JOIN LATERAL (
		SELECT e.err_message, e.finish_time FROM epiphany.job_errors e
		WHERE e.job_id = p.job_id AND (e.start_time <= p.last_successful_finish) IS NOT TRUE ORDER BY e.start_time DESC LIMIT 1) e ON true
	WHERE has_table_privilege(p.relation, 'SELECT')
	$query$;
END
$epiphany$;

COMMENT ON FUNCTION epiphany.tiering_policies()
	IS 'tiering policies of tables that one may read: how many row groups they would move now, how often in a row they failed, why and when last, and when they run next';

CREATE VIEW epiphany.tiering_status AS
SELECT coalesce(g."table", p."table") AS "table", coalesce(g.tier, p.tier) AS tier, coalesce(g.groups, 0) AS groups, coalesce(g.rows, 0) AS rows,
	coalesce(g.local_bytes, 0) AS local_bytes, coalesce(g.object_bytes, 0) AS object_bytes, g.last_read, coalesce(g.requests, 0) AS requests,
	coalesce(g.bytes_read, 0) AS bytes_read, coalesce(g.cache_hits, 0) AS cache_hits, p.pending, p.store, p.failures, p.last_error,
	p.last_failure, p.next_start
FROM (
	SELECT "table", tier, pg_catalog.count(*) AS groups, pg_catalog.sum(rows)::pg_catalog.int8 AS rows,
		pg_catalog.sum(local_bytes)::pg_catalog.int8 AS local_bytes, pg_catalog.sum(object_bytes)::pg_catalog.int8 AS object_bytes,
		pg_catalog.max(last_read) AS last_read, pg_catalog.sum(requests)::pg_catalog.int8 AS requests,
		pg_catalog.sum(bytes_read)::pg_catalog.int8 AS bytes_read, pg_catalog.sum(cache_hits)::pg_catalog.int8 AS cache_hits
	FROM epiphany.tiering_groups() GROUP BY "table", tier) g
	FULL JOIN epiphany.tiering_policies() p ON p."table" = g."table" AND p.tier = g.tier;

COMMENT ON VIEW epiphany.tiering_status IS
	'row groups of column tables by tier: how many, their bytes in the table''s pages and in stores, what was asked of stores for them; of the policy that moves groups there, how many it would move now, its failures in a row, and when it runs next';

GRANT SELECT ON epiphany.tiering_status TO PUBLIC;
