-- For tests of what the engine leaves out: differences() compares its answers with those of PostgreSQL's own executor, work() shows what it read.
-- Rows that only one of both executors gives: 0 and 0 where they agree, if the query says which rows those are. In order: the rows' places count.
CREATE FUNCTION differences(query text, in_order bool DEFAULT false) RETURNS TABLE (rows bigint, only_engine bigint, only_postgres bigint)
LANGUAGE plpgsql AS $$
DECLARE columns text := CASE WHEN in_order THEN 'ctid, *' ELSE '*' END;
BEGIN
	EXECUTE 'CREATE TEMP TABLE by_engine AS ' || query;
	SET LOCAL epiphany.enable_vectorized = off;
	EXECUTE 'CREATE TEMP TABLE by_postgres AS ' || query;
	RETURN QUERY EXECUTE format('SELECT (SELECT count(*) FROM by_postgres),
		(SELECT count(*) FROM (SELECT %1$s FROM by_engine EXCEPT ALL SELECT %1$s FROM by_postgres) x),
		(SELECT count(*) FROM (SELECT %1$s FROM by_postgres EXCEPT ALL SELECT %1$s FROM by_engine) x)', columns);
	SET LOCAL epiphany.enable_vectorized = on;
	DROP TABLE by_engine, by_postgres;
END $$;
-- Statements of which both executors give other rows, or in another order.
CREATE FUNCTION wrong(VARIADIC queries text[]) RETURNS TABLE (query text, rows bigint, only_engine bigint, only_postgres bigint) LANGUAGE sql AS $$
	SELECT q, d.* FROM unnest(queries) q, differences(q, true) d WHERE d.only_engine + d.only_postgres > 0 OR d.rows = 0 $$;
-- What the scans read.
CREATE FUNCTION work(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
		IF line ~ 'Groups:|Vectors:|Column Scan' THEN
			RETURN NEXT trim(line);
		END IF;
	END LOOP;
END $$;
