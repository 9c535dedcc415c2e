-- Sketches: values that stand for many rows. Names are those of the TimescaleDB toolkit. Their bytes are their text (in hexadecimal) and binary forms.

-- Approximate counts of distinct values.
CREATE TYPE epiphany.hyperloglog;

CREATE FUNCTION epiphany.hyperloglog_in(pg_catalog.cstring)
RETURNS epiphany.hyperloglog
AS 'MODULE_PATHNAME', 'pge_hyperloglog_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.hyperloglog_out(epiphany.hyperloglog)
RETURNS pg_catalog.cstring
AS 'MODULE_PATHNAME', 'pge_hyperloglog_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.hyperloglog_recv(pg_catalog.internal)
RETURNS epiphany.hyperloglog
AS 'MODULE_PATHNAME', 'pge_hyperloglog_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.hyperloglog_send(epiphany.hyperloglog)
RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME', 'pge_hyperloglog_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE epiphany.hyperloglog (
	INPUT = epiphany.hyperloglog_in,
	OUTPUT = epiphany.hyperloglog_out,
	RECEIVE = epiphany.hyperloglog_recv,
	SEND = epiphany.hyperloglog_send,
	ALIGNMENT = double,
	STORAGE = extended);

COMMENT ON TYPE epiphany.hyperloglog IS 'distinct values seen, by HyperLogLog';

CREATE FUNCTION epiphany.hyperloglog_add(pg_catalog.internal, buckets pg_catalog.int4, value pg_catalog.anyelement)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_hyperloglog_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.approx_count_distinct_add(pg_catalog.internal, value pg_catalog.anyelement)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_count_distinct_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.hyperloglog_rollup(pg_catalog.internal, hyperloglog epiphany.hyperloglog)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_hyperloglog_rollup'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.hyperloglog_combine(pg_catalog.internal, pg_catalog.internal)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_hyperloglog_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.hyperloglog_serialize(pg_catalog.internal)
RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME', 'pge_hyperloglog_final'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.hyperloglog_deserialize(pg_catalog.bytea, pg_catalog.internal)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_hyperloglog_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.hyperloglog_final(pg_catalog.internal)
RETURNS epiphany.hyperloglog
AS 'MODULE_PATHNAME', 'pge_hyperloglog_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE epiphany.hyperloglog(buckets pg_catalog.int4, value pg_catalog.anyelement) (
	SFUNC = epiphany.hyperloglog_add,
	STYPE = pg_catalog.internal,
	COMBINEFUNC = epiphany.hyperloglog_combine,
	SERIALFUNC = epiphany.hyperloglog_serialize,
	DESERIALFUNC = epiphany.hyperloglog_deserialize,
	FINALFUNC = epiphany.hyperloglog_final,
	PARALLEL = SAFE);

COMMENT ON AGGREGATE epiphany.hyperloglog(pg_catalog.int4, pg_catalog.anyelement)
	IS 'distinct values, in 16 to 262144 buckets (rounded up to a power of 2); nulls are left out';

CREATE AGGREGATE epiphany.approx_count_distinct(value pg_catalog.anyelement) (
	SFUNC = epiphany.approx_count_distinct_add,
	STYPE = pg_catalog.internal,
	COMBINEFUNC = epiphany.hyperloglog_combine,
	SERIALFUNC = epiphany.hyperloglog_serialize,
	DESERIALFUNC = epiphany.hyperloglog_deserialize,
	FINALFUNC = epiphany.hyperloglog_final,
	PARALLEL = SAFE);

COMMENT ON AGGREGATE epiphany.approx_count_distinct(pg_catalog.anyelement)
	IS 'distinct values, in 32768 buckets; nulls are left out';

CREATE AGGREGATE epiphany.rollup(hyperloglog epiphany.hyperloglog) (
	SFUNC = epiphany.hyperloglog_rollup,
	STYPE = pg_catalog.internal,
	COMBINEFUNC = epiphany.hyperloglog_combine,
	SERIALFUNC = epiphany.hyperloglog_serialize,
	DESERIALFUNC = epiphany.hyperloglog_deserialize,
	FINALFUNC = epiphany.hyperloglog_final,
	PARALLEL = SAFE);

COMMENT ON AGGREGATE epiphany.rollup(epiphany.hyperloglog)
	IS 'distinct values of all; numbers of buckets must be the same';

CREATE FUNCTION epiphany.distinct_count(hyperloglog epiphany.hyperloglog)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME', 'pge_hyperloglog_distinct_count'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.distinct_count(epiphany.hyperloglog) IS 'estimated number of distinct values';

CREATE FUNCTION epiphany.stderror(hyperloglog epiphany.hyperloglog)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_hyperloglog_stderror'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.stderror(epiphany.hyperloglog) IS 'relative standard error of distinct_count';

-- Approximate percentiles.
CREATE TYPE epiphany.uddsketch;

CREATE FUNCTION epiphany.uddsketch_in(pg_catalog.cstring)
RETURNS epiphany.uddsketch
AS 'MODULE_PATHNAME', 'pge_uddsketch_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.uddsketch_out(epiphany.uddsketch)
RETURNS pg_catalog.cstring
AS 'MODULE_PATHNAME', 'pge_uddsketch_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.uddsketch_recv(pg_catalog.internal)
RETURNS epiphany.uddsketch
AS 'MODULE_PATHNAME', 'pge_uddsketch_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.uddsketch_send(epiphany.uddsketch)
RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME', 'pge_uddsketch_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE epiphany.uddsketch (
	INPUT = epiphany.uddsketch_in,
	OUTPUT = epiphany.uddsketch_out,
	RECEIVE = epiphany.uddsketch_recv,
	SEND = epiphany.uddsketch_send,
	ALIGNMENT = double,
	STORAGE = extended);

COMMENT ON TYPE epiphany.uddsketch IS 'distribution of numbers, by UDDSketch';

CREATE FUNCTION epiphany.percentile_agg_add(pg_catalog.internal, value pg_catalog.float8)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_percentile_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.uddsketch_add(pg_catalog.internal, size pg_catalog.int4, max_error pg_catalog.float8, value pg_catalog.float8)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_uddsketch_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.uddsketch_rollup(pg_catalog.internal, sketch epiphany.uddsketch)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_uddsketch_rollup'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.uddsketch_combine(pg_catalog.internal, pg_catalog.internal)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_uddsketch_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.uddsketch_serialize(pg_catalog.internal)
RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME', 'pge_uddsketch_final'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.uddsketch_deserialize(pg_catalog.bytea, pg_catalog.internal)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_uddsketch_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.uddsketch_final(pg_catalog.internal)
RETURNS epiphany.uddsketch
AS 'MODULE_PATHNAME', 'pge_uddsketch_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE epiphany.percentile_agg(value pg_catalog.float8) (
	SFUNC = epiphany.percentile_agg_add,
	STYPE = pg_catalog.internal,
	COMBINEFUNC = epiphany.uddsketch_combine,
	SERIALFUNC = epiphany.uddsketch_serialize,
	DESERIALFUNC = epiphany.uddsketch_deserialize,
	FINALFUNC = epiphany.uddsketch_final,
	PARALLEL = SAFE);

COMMENT ON AGGREGATE epiphany.percentile_agg(pg_catalog.float8)
	IS 'distribution of values, with a relative error of 0.001 while 200 slots are enough; nulls are left out';

CREATE AGGREGATE epiphany.uddsketch(size pg_catalog.int4, max_error pg_catalog.float8, value pg_catalog.float8) (
	SFUNC = epiphany.uddsketch_add,
	STYPE = pg_catalog.internal,
	COMBINEFUNC = epiphany.uddsketch_combine,
	SERIALFUNC = epiphany.uddsketch_serialize,
	DESERIALFUNC = epiphany.uddsketch_deserialize,
	FINALFUNC = epiphany.uddsketch_final,
	PARALLEL = SAFE);

COMMENT ON AGGREGATE epiphany.uddsketch(pg_catalog.int4, pg_catalog.float8, pg_catalog.float8)
	IS 'distribution of values, with a relative error of max_error while so many slots (8 to 16384) are enough; nulls are left out';

CREATE AGGREGATE epiphany.rollup(sketch epiphany.uddsketch) (
	SFUNC = epiphany.uddsketch_rollup,
	STYPE = pg_catalog.internal,
	COMBINEFUNC = epiphany.uddsketch_combine,
	SERIALFUNC = epiphany.uddsketch_serialize,
	DESERIALFUNC = epiphany.uddsketch_deserialize,
	FINALFUNC = epiphany.uddsketch_final,
	PARALLEL = SAFE);

COMMENT ON AGGREGATE epiphany.rollup(epiphany.uddsketch)
	IS 'distribution of all; sizes and errors must be the same';

CREATE FUNCTION epiphany.approx_percentile(percentile pg_catalog.float8, sketch epiphany.uddsketch)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_approx_percentile'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.approx_percentile(pg_catalog.float8, epiphany.uddsketch) IS 'estimated value at a percentile from 0 to 1';

CREATE FUNCTION epiphany.approx_percentile_array(percentiles pg_catalog.float8[], sketch epiphany.uddsketch)
RETURNS pg_catalog.float8[]
AS 'MODULE_PATHNAME', 'pge_approx_percentile_array'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.approx_percentile_array(pg_catalog.float8[], epiphany.uddsketch) IS 'estimated values at percentiles';

CREATE FUNCTION epiphany.approx_percentile_rank(value pg_catalog.float8, sketch epiphany.uddsketch)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_approx_percentile_rank'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.approx_percentile_rank(pg_catalog.float8, epiphany.uddsketch) IS 'estimated share of values up to one';

CREATE FUNCTION epiphany.error(sketch epiphany.uddsketch)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_uddsketch_error'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.error(epiphany.uddsketch) IS 'relative error of estimated values';

CREATE FUNCTION epiphany.mean(sketch epiphany.uddsketch)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_uddsketch_mean'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.mean(epiphany.uddsketch) IS 'average of the values';

CREATE FUNCTION epiphany.num_vals(sketch epiphany.uddsketch)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME', 'pge_uddsketch_num_vals'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.num_vals(epiphany.uddsketch) IS 'number of values';
