-- first and last: the value of the row with the least or the greatest time.
CREATE FUNCTION epiphany.first_add(pg_catalog.internal, value pg_catalog.anyelement, "time" pg_catalog."any")
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_first_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.last_add(pg_catalog.internal, value pg_catalog.anyelement, "time" pg_catalog."any")
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_last_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.first_combine(pg_catalog.internal, pg_catalog.internal)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_first_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.last_combine(pg_catalog.internal, pg_catalog.internal)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_last_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.first_last_serialize(pg_catalog.internal)
RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME', 'pge_first_last_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.first_last_deserialize(pg_catalog.bytea, pg_catalog.internal)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_first_last_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.first_last_show(pg_catalog.internal, value pg_catalog.anyelement, "time" pg_catalog."any")
RETURNS pg_catalog.anyelement
AS 'MODULE_PATHNAME', 'pge_first_last_show'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE epiphany.first(value pg_catalog.anyelement, "time" pg_catalog."any") (
	SFUNC = epiphany.first_add,
	STYPE = pg_catalog.internal,
	COMBINEFUNC = epiphany.first_combine,
	SERIALFUNC = epiphany.first_last_serialize,
	DESERIALFUNC = epiphany.first_last_deserialize,
	FINALFUNC = epiphany.first_last_show,
	FINALFUNC_EXTRA,
	PARALLEL = SAFE);

COMMENT ON AGGREGATE epiphany.first(pg_catalog.anyelement, pg_catalog."any") IS 'value of the row with the least time';

CREATE AGGREGATE epiphany.last(value pg_catalog.anyelement, "time" pg_catalog."any") (
	SFUNC = epiphany.last_add,
	STYPE = pg_catalog.internal,
	COMBINEFUNC = epiphany.last_combine,
	SERIALFUNC = epiphany.first_last_serialize,
	DESERIALFUNC = epiphany.first_last_deserialize,
	FINALFUNC = epiphany.first_last_show,
	FINALFUNC_EXTRA,
	PARALLEL = SAFE);

COMMENT ON AGGREGATE epiphany.last(pg_catalog.anyelement, pg_catalog."any") IS 'value of the row with the greatest time';

-- histogram: counts of values in ranges of equal width.
CREATE FUNCTION epiphany.histogram_add(
	pg_catalog.internal, value pg_catalog.float8, min pg_catalog.float8, max pg_catalog.float8, nbuckets pg_catalog.int4)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_histogram_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.histogram_combine(pg_catalog.internal, pg_catalog.internal)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_histogram_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.histogram_serialize(pg_catalog.internal)
RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME', 'pge_histogram_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.histogram_deserialize(pg_catalog.bytea, pg_catalog.internal)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_histogram_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.histogram_show(pg_catalog.internal)
RETURNS pg_catalog.int4[]
AS 'MODULE_PATHNAME', 'pge_histogram_show'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE epiphany.histogram(value pg_catalog.float8, min pg_catalog.float8, max pg_catalog.float8, nbuckets pg_catalog.int4) (
	SFUNC = epiphany.histogram_add,
	STYPE = pg_catalog.internal,
	COMBINEFUNC = epiphany.histogram_combine,
	SERIALFUNC = epiphany.histogram_serialize,
	DESERIALFUNC = epiphany.histogram_deserialize,
	FINALFUNC = epiphany.histogram_show,
	PARALLEL = SAFE);

COMMENT ON AGGREGATE epiphany.histogram(pg_catalog.float8, pg_catalog.float8, pg_catalog.float8, pg_catalog.int4)
	IS 'counts of values below min, in nbuckets ranges of equal width, and from max up';
