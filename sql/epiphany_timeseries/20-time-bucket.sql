-- The start of the bucket that a time falls into. Names, arguments and defaults are TimescaleDB's.
GRANT USAGE ON SCHEMA epiphany TO PUBLIC;

CREATE FUNCTION epiphany.time_bucket(bucket_width pg_catalog.interval, ts pg_catalog.timestamptz)
RETURNS pg_catalog.timestamptz
AS 'MODULE_PATHNAME', 'pge_time_bucket_timestamp'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.time_bucket(bucket_width pg_catalog.interval, ts pg_catalog.timestamptz, origin pg_catalog.timestamptz)
RETURNS pg_catalog.timestamptz
AS 'MODULE_PATHNAME', 'pge_time_bucket_timestamp_origin'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.time_bucket(bucket_width pg_catalog.interval, ts pg_catalog.timestamptz, "offset" pg_catalog.interval)
RETURNS pg_catalog.timestamptz
AS 'MODULE_PATHNAME', 'pge_time_bucket_timestamp_offset'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- Not strict: an origin or offset that is null is the default.
CREATE FUNCTION epiphany.time_bucket(
	bucket_width pg_catalog.interval, ts pg_catalog.timestamptz, timezone pg_catalog.text,
	origin pg_catalog.timestamptz DEFAULT NULL, "offset" pg_catalog.interval DEFAULT NULL)
RETURNS pg_catalog.timestamptz
AS 'MODULE_PATHNAME', 'pge_time_bucket_timezone'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.time_bucket(bucket_width pg_catalog.interval, ts pg_catalog.timestamp)
RETURNS pg_catalog.timestamp
AS 'MODULE_PATHNAME', 'pge_time_bucket_timestamp'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.time_bucket(bucket_width pg_catalog.interval, ts pg_catalog.timestamp, origin pg_catalog.timestamp)
RETURNS pg_catalog.timestamp
AS 'MODULE_PATHNAME', 'pge_time_bucket_timestamp_origin'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.time_bucket(bucket_width pg_catalog.interval, ts pg_catalog.timestamp, "offset" pg_catalog.interval)
RETURNS pg_catalog.timestamp
AS 'MODULE_PATHNAME', 'pge_time_bucket_timestamp_offset'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.time_bucket(bucket_width pg_catalog.interval, ts pg_catalog.date)
RETURNS pg_catalog.date
AS 'MODULE_PATHNAME', 'pge_time_bucket_date'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.time_bucket(bucket_width pg_catalog.interval, ts pg_catalog.date, origin pg_catalog.date)
RETURNS pg_catalog.date
AS 'MODULE_PATHNAME', 'pge_time_bucket_date_origin'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.time_bucket(bucket_width pg_catalog.interval, ts pg_catalog.date, "offset" pg_catalog.interval)
RETURNS pg_catalog.date
AS 'MODULE_PATHNAME', 'pge_time_bucket_date_offset'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.time_bucket(bucket_width pg_catalog.int2, ts pg_catalog.int2)
RETURNS pg_catalog.int2
AS 'MODULE_PATHNAME', 'pge_time_bucket_int2'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.time_bucket(bucket_width pg_catalog.int2, ts pg_catalog.int2, "offset" pg_catalog.int2)
RETURNS pg_catalog.int2
AS 'MODULE_PATHNAME', 'pge_time_bucket_int2'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.time_bucket(bucket_width pg_catalog.int4, ts pg_catalog.int4)
RETURNS pg_catalog.int4
AS 'MODULE_PATHNAME', 'pge_time_bucket_int4'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.time_bucket(bucket_width pg_catalog.int4, ts pg_catalog.int4, "offset" pg_catalog.int4)
RETURNS pg_catalog.int4
AS 'MODULE_PATHNAME', 'pge_time_bucket_int4'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.time_bucket(bucket_width pg_catalog.int8, ts pg_catalog.int8)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME', 'pge_time_bucket_int8'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.time_bucket(bucket_width pg_catalog.int8, ts pg_catalog.int8, "offset" pg_catalog.int8)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME', 'pge_time_bucket_int8'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.time_bucket(pg_catalog.interval, pg_catalog.timestamptz) IS 'start of the bucket that a time falls into';
COMMENT ON FUNCTION epiphany.time_bucket(pg_catalog.interval, pg_catalog.timestamptz, pg_catalog.timestamptz) IS 'start of the bucket; buckets begin at the origin and so on';
COMMENT ON FUNCTION epiphany.time_bucket(pg_catalog.interval, pg_catalog.timestamptz, pg_catalog.interval) IS 'start of the bucket; buckets are moved by the offset';
COMMENT ON FUNCTION epiphany.time_bucket(pg_catalog.interval, pg_catalog.timestamp) IS 'start of the bucket that a time falls into';
COMMENT ON FUNCTION epiphany.time_bucket(pg_catalog.interval, pg_catalog.timestamp, pg_catalog.timestamp) IS 'start of the bucket; buckets begin at the origin and so on';
COMMENT ON FUNCTION epiphany.time_bucket(pg_catalog.interval, pg_catalog.timestamp, pg_catalog.interval) IS 'start of the bucket; buckets are moved by the offset';
COMMENT ON FUNCTION epiphany.time_bucket(pg_catalog.interval, pg_catalog.date) IS 'start of the bucket that a time falls into';
COMMENT ON FUNCTION epiphany.time_bucket(pg_catalog.interval, pg_catalog.date, pg_catalog.date) IS 'start of the bucket; buckets begin at the origin and so on';
COMMENT ON FUNCTION epiphany.time_bucket(pg_catalog.interval, pg_catalog.date, pg_catalog.interval) IS 'start of the bucket; buckets are moved by the offset';
COMMENT ON FUNCTION epiphany.time_bucket(pg_catalog.interval, pg_catalog.timestamptz, pg_catalog.text, pg_catalog.timestamptz, pg_catalog.interval) IS 'start of the bucket by the clock of a time zone';
COMMENT ON FUNCTION epiphany.time_bucket(pg_catalog.int2, pg_catalog.int2) IS 'start of the bucket that a number falls into';
COMMENT ON FUNCTION epiphany.time_bucket(pg_catalog.int2, pg_catalog.int2, pg_catalog.int2) IS 'start of the bucket; buckets are moved by the offset';
COMMENT ON FUNCTION epiphany.time_bucket(pg_catalog.int4, pg_catalog.int4) IS 'start of the bucket that a number falls into';
COMMENT ON FUNCTION epiphany.time_bucket(pg_catalog.int4, pg_catalog.int4, pg_catalog.int4) IS 'start of the bucket; buckets are moved by the offset';
COMMENT ON FUNCTION epiphany.time_bucket(pg_catalog.int8, pg_catalog.int8) IS 'start of the bucket that a number falls into';
COMMENT ON FUNCTION epiphany.time_bucket(pg_catalog.int8, pg_catalog.int8, pg_catalog.int8) IS 'start of the bucket; buckets are moved by the offset';
