-- For tests that run the same statements on two tables: on_both() runs one on each (@ is the table, @am its access method), same()
-- compares what a query finds there. Operators with an @ stay what they are in a query.
CREATE PROCEDURE on_both(statement text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE replace(replace(statement, '@am', 'heap'), '@', 'on_heap');
	EXECUTE replace(replace(statement, '@am', 'epiphany_column'), '@', 'on_column');
END $$;
-- Rows compare as text, so that types without equality compare, too.
CREATE FUNCTION same(query text DEFAULT 'SELECT * FROM @', OUT rows bigint, OUT "differing rows" bigint) LANGUAGE plpgsql AS $$
DECLARE
	h text := format('SELECT q::text FROM (%s) q', regexp_replace(query, '(?<!<)@(?!>)', 'on_heap', 'g'));
	c text := format('SELECT q::text FROM (%s) q', regexp_replace(query, '(?<!<)@(?!>)', 'on_column', 'g'));
BEGIN
	EXECUTE format('SELECT count(*) FROM (%s) q', c) INTO rows;
	EXECUTE format('SELECT count(*) FROM ((%1$s EXCEPT ALL %2$s) UNION ALL (%2$s EXCEPT ALL %1$s)) q', h, c) INTO "differing rows";
END $$;
