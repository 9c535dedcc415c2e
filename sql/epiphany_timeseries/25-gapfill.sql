-- time_bucket_gapfill, locf and interpolate: TimescaleDB's names and arguments. The node that fills gaps is the planner's business.
CREATE FUNCTION epiphany.gapfill_support(pg_catalog.internal)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_gapfill_support'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.gapfill_support(pg_catalog.internal) IS 'planner support: refuses gap filling where nothing can fill gaps';

CREATE FUNCTION epiphany.time_bucket_gapfill(
	bucket_width pg_catalog.int2, ts pg_catalog.int2, start pg_catalog.int2 DEFAULT NULL, finish pg_catalog.int2 DEFAULT NULL)
RETURNS pg_catalog.int2
AS 'MODULE_PATHNAME', 'pge_time_bucket_gapfill_int2'
LANGUAGE C STABLE PARALLEL SAFE SUPPORT epiphany.gapfill_support;

CREATE FUNCTION epiphany.time_bucket_gapfill(
	bucket_width pg_catalog.int4, ts pg_catalog.int4, start pg_catalog.int4 DEFAULT NULL, finish pg_catalog.int4 DEFAULT NULL)
RETURNS pg_catalog.int4
AS 'MODULE_PATHNAME', 'pge_time_bucket_gapfill_int4'
LANGUAGE C STABLE PARALLEL SAFE SUPPORT epiphany.gapfill_support;

CREATE FUNCTION epiphany.time_bucket_gapfill(
	bucket_width pg_catalog.int8, ts pg_catalog.int8, start pg_catalog.int8 DEFAULT NULL, finish pg_catalog.int8 DEFAULT NULL)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME', 'pge_time_bucket_gapfill_int8'
LANGUAGE C STABLE PARALLEL SAFE SUPPORT epiphany.gapfill_support;

CREATE FUNCTION epiphany.time_bucket_gapfill(
	bucket_width pg_catalog.interval, ts pg_catalog.date, start pg_catalog.date DEFAULT NULL, finish pg_catalog.date DEFAULT NULL)
RETURNS pg_catalog.date
AS 'MODULE_PATHNAME', 'pge_time_bucket_gapfill_date'
LANGUAGE C STABLE PARALLEL SAFE SUPPORT epiphany.gapfill_support;

CREATE FUNCTION epiphany.time_bucket_gapfill(
	bucket_width pg_catalog.interval, ts pg_catalog.timestamp, start pg_catalog.timestamp DEFAULT NULL, finish pg_catalog.timestamp DEFAULT NULL)
RETURNS pg_catalog.timestamp
AS 'MODULE_PATHNAME', 'pge_time_bucket_gapfill_timestamp'
LANGUAGE C STABLE PARALLEL SAFE SUPPORT epiphany.gapfill_support;

CREATE FUNCTION epiphany.time_bucket_gapfill(
	bucket_width pg_catalog.interval, ts pg_catalog.timestamptz, start pg_catalog.timestamptz DEFAULT NULL, finish pg_catalog.timestamptz DEFAULT NULL)
RETURNS pg_catalog.timestamptz
AS 'MODULE_PATHNAME', 'pge_time_bucket_gapfill_timestamp'
LANGUAGE C STABLE PARALLEL SAFE SUPPORT epiphany.gapfill_support;

CREATE FUNCTION epiphany.time_bucket_gapfill(
	bucket_width pg_catalog.interval, ts pg_catalog.timestamptz, timezone pg_catalog.text, start pg_catalog.timestamptz DEFAULT NULL, finish pg_catalog.timestamptz DEFAULT NULL)
RETURNS pg_catalog.timestamptz
AS 'MODULE_PATHNAME', 'pge_time_bucket_gapfill_timezone'
LANGUAGE C STABLE PARALLEL SAFE SUPPORT epiphany.gapfill_support;

COMMENT ON FUNCTION epiphany.time_bucket_gapfill(pg_catalog.int2, pg_catalog.int2, pg_catalog.int2, pg_catalog.int2)
	IS 'start of the bucket; as a key of GROUP BY, buckets from start to finish without rows get one';
COMMENT ON FUNCTION epiphany.time_bucket_gapfill(pg_catalog.int4, pg_catalog.int4, pg_catalog.int4, pg_catalog.int4)
	IS 'start of the bucket; as a key of GROUP BY, buckets from start to finish without rows get one';
COMMENT ON FUNCTION epiphany.time_bucket_gapfill(pg_catalog.int8, pg_catalog.int8, pg_catalog.int8, pg_catalog.int8)
	IS 'start of the bucket; as a key of GROUP BY, buckets from start to finish without rows get one';
COMMENT ON FUNCTION epiphany.time_bucket_gapfill(pg_catalog.interval, pg_catalog.date, pg_catalog.date, pg_catalog.date)
	IS 'start of the bucket; as a key of GROUP BY, buckets from start to finish without rows get one';
COMMENT ON FUNCTION epiphany.time_bucket_gapfill(pg_catalog.interval, pg_catalog.timestamp, pg_catalog.timestamp, pg_catalog.timestamp)
	IS 'start of the bucket; as a key of GROUP BY, buckets from start to finish without rows get one';
COMMENT ON FUNCTION epiphany.time_bucket_gapfill(pg_catalog.interval, pg_catalog.timestamptz, pg_catalog.timestamptz, pg_catalog.timestamptz)
	IS 'start of the bucket; as a key of GROUP BY, buckets from start to finish without rows get one';
COMMENT ON FUNCTION epiphany.time_bucket_gapfill(pg_catalog.interval, pg_catalog.timestamptz, pg_catalog.text, pg_catalog.timestamptz, pg_catalog.timestamptz)
	IS 'start of the bucket by the clock of a time zone; as a key of GROUP BY, buckets from start to finish without rows get one';

CREATE FUNCTION epiphany.locf(
	value pg_catalog.anyelement, prev pg_catalog.anyelement DEFAULT NULL, treat_null_as_missing pg_catalog.bool DEFAULT false)
RETURNS pg_catalog.anyelement
AS 'MODULE_PATHNAME', 'pge_locf'
LANGUAGE C STABLE PARALLEL SAFE SUPPORT epiphany.gapfill_support;

COMMENT ON FUNCTION epiphany.locf(pg_catalog.anyelement, pg_catalog.anyelement, pg_catalog.bool)
	IS 'value, and in filled rows the last one before, else prev; only with time_bucket_gapfill';

CREATE FUNCTION epiphany.interpolate(value pg_catalog.int2, prev pg_catalog.record DEFAULT NULL, next pg_catalog.record DEFAULT NULL)
RETURNS pg_catalog.int2
AS 'MODULE_PATHNAME', 'pge_interpolate'
LANGUAGE C STABLE PARALLEL SAFE SUPPORT epiphany.gapfill_support;

CREATE FUNCTION epiphany.interpolate(value pg_catalog.int4, prev pg_catalog.record DEFAULT NULL, next pg_catalog.record DEFAULT NULL)
RETURNS pg_catalog.int4
AS 'MODULE_PATHNAME', 'pge_interpolate'
LANGUAGE C STABLE PARALLEL SAFE SUPPORT epiphany.gapfill_support;

CREATE FUNCTION epiphany.interpolate(value pg_catalog.int8, prev pg_catalog.record DEFAULT NULL, next pg_catalog.record DEFAULT NULL)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME', 'pge_interpolate'
LANGUAGE C STABLE PARALLEL SAFE SUPPORT epiphany.gapfill_support;

CREATE FUNCTION epiphany.interpolate(value pg_catalog.float4, prev pg_catalog.record DEFAULT NULL, next pg_catalog.record DEFAULT NULL)
RETURNS pg_catalog.float4
AS 'MODULE_PATHNAME', 'pge_interpolate'
LANGUAGE C STABLE PARALLEL SAFE SUPPORT epiphany.gapfill_support;

CREATE FUNCTION epiphany.interpolate(value pg_catalog.float8, prev pg_catalog.record DEFAULT NULL, next pg_catalog.record DEFAULT NULL)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_interpolate'
LANGUAGE C STABLE PARALLEL SAFE SUPPORT epiphany.gapfill_support;

COMMENT ON FUNCTION epiphany.interpolate(pg_catalog.int2, pg_catalog.record, pg_catalog.record)
	IS 'value, and in filled rows what lies between the ones before and after, else prev and next (time, value); only with time_bucket_gapfill';
COMMENT ON FUNCTION epiphany.interpolate(pg_catalog.int4, pg_catalog.record, pg_catalog.record)
	IS 'value, and in filled rows what lies between the ones before and after, else prev and next (time, value); only with time_bucket_gapfill';
COMMENT ON FUNCTION epiphany.interpolate(pg_catalog.int8, pg_catalog.record, pg_catalog.record)
	IS 'value, and in filled rows what lies between the ones before and after, else prev and next (time, value); only with time_bucket_gapfill';
COMMENT ON FUNCTION epiphany.interpolate(pg_catalog.float4, pg_catalog.record, pg_catalog.record)
	IS 'value, and in filled rows what lies between the ones before and after, else prev and next (time, value); only with time_bucket_gapfill';
COMMENT ON FUNCTION epiphany.interpolate(pg_catalog.float8, pg_catalog.record, pg_catalog.record)
	IS 'value, and in filled rows what lies between the ones before and after, else prev and next (time, value); only with time_bucket_gapfill';
