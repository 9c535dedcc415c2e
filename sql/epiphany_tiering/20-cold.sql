-- Row groups in objects of stores.
CREATE FUNCTION epiphany.move_groups(
	relation pg_catalog.regclass,
	tier pg_catalog.text,
	older_than "any" DEFAULT NULL,
	store pg_catalog.text DEFAULT NULL,
	max_groups pg_catalog.int4 DEFAULT NULL,
	not_read_for pg_catalog.interval DEFAULT NULL,
	OUT groups pg_catalog.int8,
	OUT rows pg_catalog.int8,
	OUT bytes pg_catalog.int8,
	OUT groups_left pg_catalog.int8)
AS 'MODULE_PATHNAME', 'pge_move_groups'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.move_groups(pg_catalog.regclass, pg_catalog.text, "any", pg_catalog.text, pg_catalog.int4, pg_catalog.interval)
	IS 'moves row groups to a tier: warm (the table''s own pages), cold (objects of a store) or frozen (likewise, not to be read); those that are older, all without older_than, and that no query has read for so long; gives what went, and how many groups are too young or being replaced';

CREATE FUNCTION epiphany.move_group(
	relation pg_catalog.regclass,
	tier pg_catalog.text,
	older_than pg_catalog.text,
	store pg_catalog.text,
	group_id pg_catalog.int8,
	not_read_for pg_catalog.interval)
RETURNS pg_catalog.bool
AS 'MODULE_PATHNAME', 'pge_move_group'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.move_group(pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.int8, pg_catalog.interval)
	IS 'moves one row group of a column table, if move_groups() with the same arguments would';

CREATE FUNCTION epiphany.restore_group(relation pg_catalog.regclass, group_id pg_catalog.int8)
RETURNS pg_catalog.bool
AS 'MODULE_PATHNAME', 'pge_restore_group'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.restore_group(pg_catalog.regclass, pg_catalog.int8)
	IS 'has a frozen row group read as a cold one again; false where it was not frozen, NULL while the store restores its object';

CREATE FUNCTION epiphany.cold_groups(
	"table" pg_catalog.regclass,
	OUT group_id pg_catalog.int8,
	OUT store pg_catalog.text,
	OUT object pg_catalog.text,
	OUT object_bytes pg_catalog.int8)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME', 'pge_cold_groups'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION epiphany.cold_groups(pg_catalog.regclass) IS 'where the values of a column table''s cold and frozen row groups are';

CREATE FUNCTION epiphany.tiering_counters(
	OUT requests pg_catalog.int8,
	OUT bytes_read pg_catalog.int8,
	OUT cache_hits pg_catalog.int8,
	OUT cache_bytes pg_catalog.int8)
AS 'MODULE_PATHNAME', 'pge_tiering_counters'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION epiphany.tiering_counters()
	IS 'what all sessions have asked of cold row groups since the server''s start: requests of stores, bytes that came, columns that the cache had, and what it holds';

-- ---- Objects that nobody names any more ----
CREATE FUNCTION epiphany.tiering_references(OUT server pg_catalog.text, OUT url pg_catalog.text, OUT object pg_catalog.text)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME', 'pge_tiering_references'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.tiering_references() IS 'objects that this database''s tables have row groups in; waits for who moves some';

CREATE FUNCTION epiphany.tiering_objects(
	store pg_catalog.text,
	OUT server pg_catalog.text,
	OUT url pg_catalog.text,
	OUT object pg_catalog.text,
	OUT bytes pg_catalog.int8,
	OUT written pg_catalog.timestamptz)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME', 'pge_tiering_objects'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.tiering_objects(pg_catalog.text) IS 'objects in a store that this database wrote, wanted or not';

CREATE FUNCTION epiphany.tiering_remove(store pg_catalog.text, object pg_catalog.text)
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME', 'pge_tiering_remove'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.tiering_remove(pg_catalog.text, pg_catalog.text) IS 'removes an object that this database wrote; asks nobody whether it is wanted';

-- Objects that nobody named when they were last looked for, and since when.
CREATE TABLE epiphany.tiering_orphan (
	store pg_catalog.text NOT NULL,
	object pg_catalog.text NOT NULL,
	since pg_catalog.timestamptz NOT NULL,
	PRIMARY KEY (store, object)
);

CREATE FUNCTION epiphany.tiering_gc(
	store pg_catalog.text,
	grace pg_catalog.interval DEFAULT NULL,
	OUT objects pg_catalog.int8,
	OUT orphans pg_catalog.int8,
	OUT removed pg_catalog.int8,
	OUT removed_bytes pg_catalog.int8)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $epiphany$
DECLARE
	patience interval;
	found record;
	wanted bool;
BEGIN
	objects := 0; orphans := 0; removed := 0; removed_bytes := 0;
	-- First what is there, then what is named: what comes between is not looked at.
	CREATE TEMPORARY TABLE epiphany_found ON COMMIT DROP AS SELECT * FROM epiphany.tiering_objects(store);
	CREATE TEMPORARY TABLE epiphany_named ON COMMIT DROP AS SELECT DISTINCT * FROM epiphany.tiering_references();
	-- By now the library is loaded, which has the setting.
	patience := coalesce(grace, current_setting('epiphany.tiering_retention')::interval);
	SELECT count(*) INTO objects FROM pg_temp.epiphany_found;
	DELETE FROM epiphany.tiering_orphan o WHERE o.store = tiering_gc.store AND NOT EXISTS (
		SELECT FROM pg_temp.epiphany_found f WHERE f.object = o.object AND NOT EXISTS (
			SELECT FROM pg_temp.epiphany_named n WHERE n.object = f.object AND n.server IS NOT DISTINCT FROM f.server AND n.url = f.url));
	INSERT INTO epiphany.tiering_orphan
	SELECT tiering_gc.store, f.object, clock_timestamp() FROM pg_temp.epiphany_found f WHERE NOT EXISTS (
		SELECT FROM pg_temp.epiphany_named n WHERE n.object = f.object AND n.server IS NOT DISTINCT FROM f.server AND n.url = f.url)
	ON CONFLICT DO NOTHING;
	FOR found IN SELECT f.object, f.bytes FROM epiphany.tiering_orphan o JOIN pg_temp.epiphany_found f USING (object)
		WHERE o.store = tiering_gc.store AND o.since <= clock_timestamp() - patience ORDER BY 1
	LOOP
		PERFORM epiphany.tiering_remove(store, found.object);
		DELETE FROM epiphany.tiering_orphan o WHERE o.store = tiering_gc.store AND o.object = found.object;
		removed := removed + 1;
		removed_bytes := removed_bytes + found.bytes;
	END LOOP;
	SELECT count(*) INTO orphans FROM epiphany.tiering_orphan o WHERE o.store = tiering_gc.store;
	DROP TABLE pg_temp.epiphany_found, pg_temp.epiphany_named;
END
$epiphany$;

COMMENT ON FUNCTION epiphany.tiering_gc(pg_catalog.text, pg_catalog.interval)
	IS 'removes a store''s objects that this database wrote and that no row group has named for so long (epiphany.tiering_retention); the first run that finds one only notes it';

-- Who owns the database decides about its objects.
REVOKE ALL ON FUNCTION epiphany.tiering_references(), epiphany.tiering_objects(pg_catalog.text),
	epiphany.tiering_remove(pg_catalog.text, pg_catalog.text), epiphany.tiering_gc(pg_catalog.text, pg_catalog.interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION epiphany.tiering_references(), epiphany.tiering_objects(pg_catalog.text),
	epiphany.tiering_remove(pg_catalog.text, pg_catalog.text), epiphany.tiering_gc(pg_catalog.text, pg_catalog.interval) TO pg_database_owner;
GRANT SELECT, INSERT, DELETE ON epiphany.tiering_orphan TO pg_database_owner;
