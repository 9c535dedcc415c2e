-- Vector types: text, limits, errors, type modifiers, casts. Texts of errors are pgvector's. A database of its own, as the types go to public.
CREATE DATABASE vectors;
\c vectors
SET client_min_messages = warning;
CREATE EXTENSION epiphany_vectorstore CASCADE;
RESET client_min_messages;
SELECT count(*) > 100 AS some, count(*) FILTER (WHERE d.objid IS NULL OR p.provolatile <> 'i' OR NOT p.proisstrict OR p.proparallel <> 's') AS odd
FROM pg_proc p LEFT JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f' AND p.proname !~ '^epiphany_';
SELECT typname, typstorage, typalign, typlen, typmodout FROM pg_type WHERE typname ~ '^[a-z]*vec[a-z]*$' AND typnamespace = 'public'::regnamespace
ORDER BY 1;

-- Text in, text out, whether it is right, and if not, what is said.
CREATE FUNCTION try(type text, literal text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	soft record;
	code text;
	message text;
	detail text;
BEGIN
	SELECT * INTO soft FROM pg_input_error_info(literal, type);
	EXECUTE format('SELECT %L::%s::text', literal, type) INTO result;
	IF soft.message IS NOT NULL THEN
		RETURN 'the soft error is no error';
	END IF;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	IF (soft.message, soft.sql_error_code, coalesce(soft.detail, '')) IS DISTINCT FROM (message, code, detail) THEN
		RETURN 'the soft error differs: ' || soft::text;
	END IF;
	RETURN concat_ws(' ', code, message, '(' || nullif(detail, '') || ')');
END $$;

SELECT literal, try('vector', literal) AS vector, try('halfvec', literal) AS halfvec
FROM unnest(ARRAY[
	'[1,2,3]', ' [ 1 , 2.5,	-3e1 ] ', '[0,-0]', '[1e-7,1234567,16777217]', '[0x1p3,.5,5.]', '[1e37]', '[65519]', '[65520]', '[-65520]', '[1e-50]', '[6e-8]',
	'[2.9802322e-8]', '[1e39]', '[-1e39]', '[1e400]', '[nan]', '[inf]', '[-Infinity]', '[]', '[ ]', '', '  ', '[', '[1', '[1,', '[1,]', '[,1]', '[1,,2]',
	'[1 2]', '[1]]', '[1] x', '{1}', '1,2', '[a]', '[1a]', '[1,2', '[0x]', '[--1]', '[1;2]', '[1,2],[3]']) AS literal;
SELECT literal, try('sparsevec', literal)
FROM unnest(ARRAY[
	'{1:1.5,3:3.5}/5', ' { 3 : 3.5 , 1 : 1.5 } / 5 ', '{}/5', '{1:0,2:-0}/2', '{1:1}/1000000000', '{1:1}/1000000001', '{}/0', '{}/-1', '{}/99999999999',
	'{}/-99999999999999999999', '{1:1}/1x', '{1:1}/', '{1:1}', '{1:1', '{1:1,', '{1:1,}/2', '{,}/2', '{1}/2', '{1:}/2', '{:1}/2', '{a:1}/2', '{1:a}/2', '',
	'1:1/2', '{0:1}/2', '{3:1}/2', '{-1:1}/2', '{-99999999999:1}/2', '{99999999999:1}/2', '{1:1,1:2}/2', '{2:1,1:2,2:3}/2', '{1:0,1:2}/2', '{1:nan}/2',
	'{1:-inf}/2', '{1:1e39}/2', '{1:1e-50}/2', '{1:1}//2', '{1:1}/2/', '{{1:1}/2']) AS literal;

-- Sizes.
SELECT pg_column_size('[1,2,3]'::vector), pg_column_size('[1,2,3]'::halfvec), pg_column_size('{1:1,9:2}/10'::sparsevec);
SELECT left(try(type, '[' || repeat('0,', n - 1) || '1]'), 70) FROM unnest(ARRAY['vector', 'halfvec']) type, unnest(ARRAY[16000, 16001, 100000]) n;
SELECT left(try('sparsevec', '{' || string_agg(i || ':1', ',') || '}/20000'), 70) FROM unnest(ARRAY[16000, 16001]) n, generate_series(1, n) i GROUP BY n ORDER BY n;

-- Type modifiers.
CREATE TABLE t (v vector(3), h halfvec(3), s sparsevec(3));
INSERT INTO t VALUES ('[1,2,3]', '[1,2,3]', '{1:1}/3');
INSERT INTO t (v) VALUES ('[1,2]');
INSERT INTO t (h) VALUES ('[1,2,3,4]');
INSERT INTO t (s) VALUES ('{1:1}/4');
INSERT INTO t (v) VALUES (ARRAY[1, 2]);
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 ORDER BY attnum;
SELECT '[1,2]'::vector::vector(3);
SELECT '[1,2]'::halfvec::halfvec(3);
SELECT '{}/2'::sparsevec::sparsevec(3);
SELECT '[1]'::vector(0);
SELECT '[1]'::halfvec(0);
SELECT '[1]'::sparsevec(0);
SELECT '[1]'::vector(16001);
SELECT '[1]'::halfvec(16001);
SELECT '[1]'::sparsevec(1000000001);
SELECT '[1]'::vector(1, 2);
SELECT '[1]'::vector('a');

-- Casts: which there are, and what they do.
SELECT castsource::regtype, casttarget::regtype, castcontext FROM pg_cast WHERE castsource::regtype::text ~ 'vec' OR casttarget::regtype::text ~ 'vec'
ORDER BY castsource::regtype::text COLLATE "C", casttarget::regtype::text COLLATE "C";
SELECT ARRAY[1, 2]::vector, ARRAY[1.5, 2]::real[]::vector, ARRAY[1.5, 1e-300]::float8[]::vector, ARRAY[1.5, 2]::numeric[]::vector(2);
SELECT ARRAY[1, 2]::halfvec, ARRAY[1.5, 2]::real[]::halfvec, ARRAY[1.5, 1e-300]::float8[]::halfvec, ARRAY[1.5, 2.0001]::numeric[]::halfvec(2);
SELECT ARRAY[0, 2]::sparsevec, ARRAY[1.5, 0]::real[]::sparsevec, ARRAY[1.5, 1e-300]::float8[]::sparsevec, ARRAY[1.5, 2.0001]::numeric[]::sparsevec(2);
SELECT '[1,0,3.3]'::vector::real[], '[1,0,3.3]'::halfvec::real[], '[1,0,3.3]'::vector::halfvec, '[1,0,3.3]'::halfvec::vector;
SELECT '[1,0,3.3]'::vector::sparsevec, '[1,0,3.3]'::halfvec::sparsevec, '{2:3.3}/3'::sparsevec::vector, '{2:3.3}/3'::sparsevec::halfvec;
SELECT ARRAY[1, NULL]::vector;
SELECT ARRAY[[1], [2]]::vector;
SELECT '{}'::real[]::vector;
SELECT '{}'::real[]::halfvec;
SELECT '{}'::real[]::sparsevec;
SELECT ARRAY['NaN']::real[]::vector;
SELECT ARRAY['Infinity']::float8[]::halfvec;
SELECT ARRAY[1e300]::float8[]::vector;
SELECT ARRAY[1e300]::float8[]::sparsevec;
SELECT ARRAY[1e300]::numeric[]::vector;
SELECT ARRAY[65519, -65519]::real[]::halfvec;
SELECT ARRAY[65520]::real[]::halfvec;
SELECT '[-65520]'::vector::halfvec;
SELECT '{2:1e5}/3'::sparsevec::halfvec;
SELECT '{}/16001'::sparsevec::vector;
SELECT '{}/16001'::sparsevec::halfvec;
SELECT '{}/3'::sparsevec::vector(2);
SELECT '[1,2]'::vector::sparsevec(3);
SELECT '[1,2]'::vector::halfvec(3);
SELECT '[1,2]'::halfvec::vector(3);
SELECT array_agg(1 ORDER BY i)::sparsevec IS NULL FROM generate_series(1, 16001) i;
SELECT array_to_vector(ARRAY['a']::text[]::real[], -1, true);

-- Every half comes back from text and from a float.
SELECT count(*), count(*) FILTER (WHERE h::text::halfvec = h AND h::real[]::halfvec = h AND h::vector::halfvec = h AND halfvec_send(h) = halfvec_send(h::text::halfvec))
FROM (SELECT ARRAY[(sign * (1 + m / 1024.0) * 2.0 ^ e)::real]::halfvec AS h FROM generate_series(0, 1023) m, generate_series(-14, 15) e, unnest(ARRAY[1, -1]) sign
	UNION ALL SELECT ARRAY[(sign * m / 1024.0 * 2.0 ^ -14)::real]::halfvec FROM generate_series(0, 1023) m, unnest(ARRAY[1, -1]) sign) halves;

-- Many at once and one by one: the same, for vectors of all lengths, smallest halves, and halves of a last place.
SELECT count(*) > 1000 AS some, count(*) FILTER (WHERE a::halfvec <> a::vector::halfvec) AS narrowed,
	count(*) FILTER (WHERE a::halfvec::vector::text <> a::halfvec::real[]::vector::text) AS widened,
	count(*) FILTER (WHERE l2_normalize(a::halfvec)::real[] <> (SELECT array_agg((h / nullif(norm, 0))::real ORDER BY i)::halfvec::real[] FROM
		unnest(a::halfvec::real[]) WITH ORDINALITY u(h, i), l2_norm(a::halfvec) norm)) AS normalized
FROM (SELECT array_agg(((i * 7919 + dims * 31) % 8192 - 4096) / 1024.0 * 2.0 ^ ((i + dims) % 30 - 18))::real[] AS a
	FROM generate_series(1, 60) dims, generate_series(1, 20) turn, LATERAL (SELECT turn * 100 + g AS i FROM generate_series(1, dims) g) n GROUP BY dims, turn) x;
SELECT array_fill(1, ARRAY[20])::vector::halfvec || '[65519]'::vector::halfvec;
SELECT (array_fill(1, ARRAY[7]) || 65520 || array_fill(1, ARRAY[12]))::vector::halfvec;
SELECT (array_fill(1, ARRAY[19]) || -1e6::int)::vector::halfvec;

-- Numbers are read as real reads them: many digits, few, halves of a last place, which round to even.
SELECT setseed(0.25);
SELECT count(*), count(*) FILTER (WHERE float4send((('[' || n || ']')::vector::real[])[1]) = float4send(n::real)) AS same
FROM (SELECT (CASE WHEN random() < 0.5 THEN '-' ELSE '' END) || trim_scale(round((random() * 10.0 ^ (i % 12 - 4))::numeric, i % 17)) FROM generate_series(1, 60000) i
	UNION ALL SELECT (8388608 + i + 0.5)::text FROM generate_series(1, 10000) i
	UNION ALL SELECT (4194304 + i + 0.25 + 0.5 * (i % 2))::text FROM generate_series(1, 10000) i
	UNION ALL SELECT (16777216 + i)::text FROM generate_series(1, 10000) i
	UNION ALL SELECT unnest(ARRAY['.5', '5.', '-.5', '+1', '00000000000000000001', '0.000000000000001', '999999999999999', '1000000000000000', '123456789012345.6'])) x(n);
-- Binary.
SELECT vector_send('[1,-2.5]'), halfvec_send('[1,-2.5]'), sparsevec_send('{1:1,3:-2.5}/3');
DROP FUNCTION try;
DROP TABLE t;

-- A schema of one's own, moved later.
CREATE SCHEMA elsewhere;
ALTER EXTENSION epiphany_vectorstore SET SCHEMA elsewhere;
SELECT '[1,2]'::elsewhere.vector OPERATOR(elsewhere.<->) '[1,3]';
DROP EXTENSION epiphany_vectorstore;
SELECT count(*) FROM pg_type WHERE typname ~ '^[a-z]*vec[a-z]*$' AND typnamespace <> 'pg_catalog'::regnamespace;

\c regression
DROP DATABASE vectors;
