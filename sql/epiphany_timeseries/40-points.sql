-- Counters, gauges, time-weighted averages, states: aggregates over points in time, in any order. Names are those of the TimescaleDB toolkit.

-- What they share: states that collect points or summaries until they can be put in order.
CREATE FUNCTION epiphany.collect_combine(pg_catalog.internal, pg_catalog.internal)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_collect_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.collect_serialize(pg_catalog.internal)
RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME', 'pge_collect_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.collect_deserialize(pg_catalog.bytea, pg_catalog.internal)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_collect_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- A counter.
CREATE TYPE epiphany.countersummary;

CREATE FUNCTION epiphany.countersummary_in(pg_catalog.cstring)
RETURNS epiphany.countersummary
AS 'MODULE_PATHNAME', 'pge_countersummary_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.countersummary_out(epiphany.countersummary)
RETURNS pg_catalog.cstring
AS 'MODULE_PATHNAME', 'pge_countersummary_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.countersummary_recv(pg_catalog.internal)
RETURNS epiphany.countersummary
AS 'MODULE_PATHNAME', 'pge_countersummary_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.countersummary_send(epiphany.countersummary)
RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME', 'pge_countersummary_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE epiphany.countersummary (
	INPUT = epiphany.countersummary_in,
	OUTPUT = epiphany.countersummary_out,
	RECEIVE = epiphany.countersummary_recv,
	SEND = epiphany.countersummary_send,
	ALIGNMENT = double,
	STORAGE = extended);

COMMENT ON TYPE epiphany.countersummary IS 'first and last points of a counter, and what it was reset from';

CREATE FUNCTION epiphany.counter_agg_add(pg_catalog.internal, ts pg_catalog.timestamptz, value pg_catalog.float8)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_counter_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.counter_agg_add(pg_catalog.internal, ts pg_catalog.timestamptz, value pg_catalog.float8, bounds pg_catalog.tstzrange)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_counter_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.counter_agg_final(pg_catalog.internal)
RETURNS epiphany.countersummary
AS 'MODULE_PATHNAME', 'pge_counter_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.counter_rollup_add(pg_catalog.internal, summary epiphany.countersummary)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_counter_rollup_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.counter_rollup_final(pg_catalog.internal)
RETURNS epiphany.countersummary
AS 'MODULE_PATHNAME', 'pge_counter_rollup_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE epiphany.counter_agg(ts pg_catalog.timestamptz, value pg_catalog.float8) (
	SFUNC = epiphany.counter_agg_add,
	STYPE = pg_catalog.internal,
	COMBINEFUNC = epiphany.collect_combine,
	SERIALFUNC = epiphany.collect_serialize,
	DESERIALFUNC = epiphany.collect_deserialize,
	FINALFUNC = epiphany.counter_agg_final,
	PARALLEL = SAFE);

COMMENT ON AGGREGATE epiphany.counter_agg(pg_catalog.timestamptz, pg_catalog.float8)
	IS 'counter of points; rows with nulls are left out, of points at one time the greatest counts';

CREATE AGGREGATE epiphany.counter_agg(ts pg_catalog.timestamptz, value pg_catalog.float8, bounds pg_catalog.tstzrange) (
	SFUNC = epiphany.counter_agg_add,
	STYPE = pg_catalog.internal,
	COMBINEFUNC = epiphany.collect_combine,
	SERIALFUNC = epiphany.collect_serialize,
	DESERIALFUNC = epiphany.collect_deserialize,
	FINALFUNC = epiphany.counter_agg_final,
	PARALLEL = SAFE);

COMMENT ON AGGREGATE epiphany.counter_agg(pg_catalog.timestamptz, pg_catalog.float8, pg_catalog.tstzrange)
	IS 'counter of points, which must lie within bounds; rows with nulls are left out, of points at one time the greatest counts';

CREATE AGGREGATE epiphany.rollup(summary epiphany.countersummary) (
	SFUNC = epiphany.counter_rollup_add,
	STYPE = pg_catalog.internal,
	COMBINEFUNC = epiphany.collect_combine,
	SERIALFUNC = epiphany.collect_serialize,
	DESERIALFUNC = epiphany.collect_deserialize,
	FINALFUNC = epiphany.counter_rollup_final,
	PARALLEL = SAFE);

COMMENT ON AGGREGATE epiphany.rollup(epiphany.countersummary)
	IS 'counter over all times, which may not overlap';

CREATE FUNCTION epiphany.delta(summary epiphany.countersummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_delta'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.delta(epiphany.countersummary) IS 'difference of last and first value, resets counted';

CREATE FUNCTION epiphany.rate(summary epiphany.countersummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_rate'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.rate(epiphany.countersummary) IS 'delta a second; null over no time';

CREATE FUNCTION epiphany.time_delta(summary epiphany.countersummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_time_delta'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.time_delta(epiphany.countersummary) IS 'seconds from first to last point';

CREATE FUNCTION epiphany.idelta_left(summary epiphany.countersummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_idelta_left'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.idelta_left(epiphany.countersummary) IS 'difference of the first two values; 0 of one point';

CREATE FUNCTION epiphany.idelta_right(summary epiphany.countersummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_idelta_right'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.idelta_right(epiphany.countersummary) IS 'difference of the last two values; 0 of one point';

CREATE FUNCTION epiphany.irate_left(summary epiphany.countersummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_irate_left'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.irate_left(epiphany.countersummary) IS 'idelta_left a second; null of one point';

CREATE FUNCTION epiphany.irate_right(summary epiphany.countersummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_irate_right'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.irate_right(epiphany.countersummary) IS 'idelta_right a second; null of one point';

CREATE FUNCTION epiphany.num_resets(summary epiphany.countersummary)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME', 'pge_counter_num_resets'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.num_resets(epiphany.countersummary) IS 'how often the counter was reset';

CREATE FUNCTION epiphany.num_changes(summary epiphany.countersummary)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME', 'pge_counter_num_changes'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.num_changes(epiphany.countersummary) IS 'how often the value changed';

CREATE FUNCTION epiphany.num_elements(summary epiphany.countersummary)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME', 'pge_counter_num_elements'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.num_elements(epiphany.countersummary) IS 'number of points, those at one time as one';

CREATE FUNCTION epiphany.first_time(summary epiphany.countersummary)
RETURNS pg_catalog.timestamptz
AS 'MODULE_PATHNAME', 'pge_counter_first_time'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.first_time(epiphany.countersummary) IS 'time of the first point';

CREATE FUNCTION epiphany.last_time(summary epiphany.countersummary)
RETURNS pg_catalog.timestamptz
AS 'MODULE_PATHNAME', 'pge_counter_last_time'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.last_time(epiphany.countersummary) IS 'time of the last point';

CREATE FUNCTION epiphany.first_val(summary epiphany.countersummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_first_val'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.first_val(epiphany.countersummary) IS 'value of the first point';

CREATE FUNCTION epiphany.last_val(summary epiphany.countersummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_last_val'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.last_val(epiphany.countersummary) IS 'value of the last point';

CREATE FUNCTION epiphany.with_bounds(summary epiphany.countersummary, bounds pg_catalog.tstzrange)
RETURNS epiphany.countersummary
AS 'MODULE_PATHNAME', 'pge_counter_with_bounds'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.with_bounds(epiphany.countersummary, pg_catalog.tstzrange) IS 'the same with bounds, for extrapolation';

CREATE FUNCTION epiphany.extrapolated_delta(summary epiphany.countersummary, method pg_catalog.text DEFAULT 'prometheus')
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_extrapolated_delta'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.extrapolated_delta(epiphany.countersummary, pg_catalog.text) IS 'delta as it would be from bound to bound; null of one point';

CREATE FUNCTION epiphany.extrapolated_rate(summary epiphany.countersummary, method pg_catalog.text DEFAULT 'prometheus')
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_extrapolated_rate'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.extrapolated_rate(epiphany.countersummary, pg_catalog.text) IS 'extrapolated_delta a second between the bounds; null of one point';

-- A gauge.
CREATE TYPE epiphany.gaugesummary;

CREATE FUNCTION epiphany.gaugesummary_in(pg_catalog.cstring)
RETURNS epiphany.gaugesummary
AS 'MODULE_PATHNAME', 'pge_gaugesummary_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.gaugesummary_out(epiphany.gaugesummary)
RETURNS pg_catalog.cstring
AS 'MODULE_PATHNAME', 'pge_gaugesummary_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.gaugesummary_recv(pg_catalog.internal)
RETURNS epiphany.gaugesummary
AS 'MODULE_PATHNAME', 'pge_gaugesummary_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.gaugesummary_send(epiphany.gaugesummary)
RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME', 'pge_gaugesummary_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE epiphany.gaugesummary (
	INPUT = epiphany.gaugesummary_in,
	OUTPUT = epiphany.gaugesummary_out,
	RECEIVE = epiphany.gaugesummary_recv,
	SEND = epiphany.gaugesummary_send,
	ALIGNMENT = double,
	STORAGE = extended);

COMMENT ON TYPE epiphany.gaugesummary IS 'first and last points of a gauge';

CREATE FUNCTION epiphany.gauge_agg_add(pg_catalog.internal, ts pg_catalog.timestamptz, value pg_catalog.float8)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_counter_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.gauge_agg_add(pg_catalog.internal, ts pg_catalog.timestamptz, value pg_catalog.float8, bounds pg_catalog.tstzrange)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_counter_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.gauge_agg_final(pg_catalog.internal)
RETURNS epiphany.gaugesummary
AS 'MODULE_PATHNAME', 'pge_gauge_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.gauge_rollup_add(pg_catalog.internal, summary epiphany.gaugesummary)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_counter_rollup_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.gauge_rollup_final(pg_catalog.internal)
RETURNS epiphany.gaugesummary
AS 'MODULE_PATHNAME', 'pge_gauge_rollup_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE epiphany.gauge_agg(ts pg_catalog.timestamptz, value pg_catalog.float8) (
	SFUNC = epiphany.gauge_agg_add,
	STYPE = pg_catalog.internal,
	COMBINEFUNC = epiphany.collect_combine,
	SERIALFUNC = epiphany.collect_serialize,
	DESERIALFUNC = epiphany.collect_deserialize,
	FINALFUNC = epiphany.gauge_agg_final,
	PARALLEL = SAFE);

COMMENT ON AGGREGATE epiphany.gauge_agg(pg_catalog.timestamptz, pg_catalog.float8)
	IS 'gauge of points; rows with nulls are left out, of points at one time the greatest counts';

CREATE AGGREGATE epiphany.gauge_agg(ts pg_catalog.timestamptz, value pg_catalog.float8, bounds pg_catalog.tstzrange) (
	SFUNC = epiphany.gauge_agg_add,
	STYPE = pg_catalog.internal,
	COMBINEFUNC = epiphany.collect_combine,
	SERIALFUNC = epiphany.collect_serialize,
	DESERIALFUNC = epiphany.collect_deserialize,
	FINALFUNC = epiphany.gauge_agg_final,
	PARALLEL = SAFE);

COMMENT ON AGGREGATE epiphany.gauge_agg(pg_catalog.timestamptz, pg_catalog.float8, pg_catalog.tstzrange)
	IS 'gauge of points, which must lie within bounds; rows with nulls are left out, of points at one time the greatest counts';

CREATE AGGREGATE epiphany.rollup(summary epiphany.gaugesummary) (
	SFUNC = epiphany.gauge_rollup_add,
	STYPE = pg_catalog.internal,
	COMBINEFUNC = epiphany.collect_combine,
	SERIALFUNC = epiphany.collect_serialize,
	DESERIALFUNC = epiphany.collect_deserialize,
	FINALFUNC = epiphany.gauge_rollup_final,
	PARALLEL = SAFE);

COMMENT ON AGGREGATE epiphany.rollup(epiphany.gaugesummary)
	IS 'gauge over all times, which may not overlap';

CREATE FUNCTION epiphany.delta(summary epiphany.gaugesummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_delta'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.delta(epiphany.gaugesummary) IS 'difference of last and first value';

CREATE FUNCTION epiphany.rate(summary epiphany.gaugesummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_rate'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.rate(epiphany.gaugesummary) IS 'delta a second; null over no time';

CREATE FUNCTION epiphany.time_delta(summary epiphany.gaugesummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_time_delta'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.time_delta(epiphany.gaugesummary) IS 'seconds from first to last point';

CREATE FUNCTION epiphany.idelta_left(summary epiphany.gaugesummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_idelta_left'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.idelta_left(epiphany.gaugesummary) IS 'difference of the first two values; 0 of one point';

CREATE FUNCTION epiphany.idelta_right(summary epiphany.gaugesummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_idelta_right'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.idelta_right(epiphany.gaugesummary) IS 'difference of the last two values; 0 of one point';

CREATE FUNCTION epiphany.irate_left(summary epiphany.gaugesummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_irate_left'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.irate_left(epiphany.gaugesummary) IS 'idelta_left a second; null of one point';

CREATE FUNCTION epiphany.irate_right(summary epiphany.gaugesummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_irate_right'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.irate_right(epiphany.gaugesummary) IS 'idelta_right a second; null of one point';

CREATE FUNCTION epiphany.num_changes(summary epiphany.gaugesummary)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME', 'pge_counter_num_changes'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.num_changes(epiphany.gaugesummary) IS 'how often the value changed';

CREATE FUNCTION epiphany.num_elements(summary epiphany.gaugesummary)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME', 'pge_counter_num_elements'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.num_elements(epiphany.gaugesummary) IS 'number of points, those at one time as one';

CREATE FUNCTION epiphany.first_time(summary epiphany.gaugesummary)
RETURNS pg_catalog.timestamptz
AS 'MODULE_PATHNAME', 'pge_counter_first_time'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.first_time(epiphany.gaugesummary) IS 'time of the first point';

CREATE FUNCTION epiphany.last_time(summary epiphany.gaugesummary)
RETURNS pg_catalog.timestamptz
AS 'MODULE_PATHNAME', 'pge_counter_last_time'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.last_time(epiphany.gaugesummary) IS 'time of the last point';

CREATE FUNCTION epiphany.first_val(summary epiphany.gaugesummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_first_val'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.first_val(epiphany.gaugesummary) IS 'value of the first point';

CREATE FUNCTION epiphany.last_val(summary epiphany.gaugesummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_last_val'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.last_val(epiphany.gaugesummary) IS 'value of the last point';

CREATE FUNCTION epiphany.with_bounds(summary epiphany.gaugesummary, bounds pg_catalog.tstzrange)
RETURNS epiphany.gaugesummary
AS 'MODULE_PATHNAME', 'pge_counter_with_bounds'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.with_bounds(epiphany.gaugesummary, pg_catalog.tstzrange) IS 'the same with bounds, for extrapolation';

CREATE FUNCTION epiphany.extrapolated_delta(summary epiphany.gaugesummary, method pg_catalog.text DEFAULT 'prometheus')
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_extrapolated_delta'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.extrapolated_delta(epiphany.gaugesummary, pg_catalog.text) IS 'delta as it would be from bound to bound; null of one point';

CREATE FUNCTION epiphany.extrapolated_rate(summary epiphany.gaugesummary, method pg_catalog.text DEFAULT 'prometheus')
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_counter_extrapolated_rate'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.extrapolated_rate(epiphany.gaugesummary, pg_catalog.text) IS 'extrapolated_delta a second between the bounds; null of one point';

-- Averages over time.
CREATE TYPE epiphany.timeweightsummary;

CREATE FUNCTION epiphany.timeweightsummary_in(pg_catalog.cstring)
RETURNS epiphany.timeweightsummary
AS 'MODULE_PATHNAME', 'pge_timeweightsummary_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.timeweightsummary_out(epiphany.timeweightsummary)
RETURNS pg_catalog.cstring
AS 'MODULE_PATHNAME', 'pge_timeweightsummary_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.timeweightsummary_recv(pg_catalog.internal)
RETURNS epiphany.timeweightsummary
AS 'MODULE_PATHNAME', 'pge_timeweightsummary_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.timeweightsummary_send(epiphany.timeweightsummary)
RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME', 'pge_timeweightsummary_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE epiphany.timeweightsummary (
	INPUT = epiphany.timeweightsummary_in,
	OUTPUT = epiphany.timeweightsummary_out,
	RECEIVE = epiphany.timeweightsummary_recv,
	SEND = epiphany.timeweightsummary_send,
	ALIGNMENT = double,
	STORAGE = extended);

COMMENT ON TYPE epiphany.timeweightsummary IS 'integral of a value over time';

CREATE FUNCTION epiphany.time_weight_add(pg_catalog.internal, method pg_catalog.text, ts pg_catalog.timestamptz, value pg_catalog.float8)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_time_weight_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.time_weight_final(pg_catalog.internal)
RETURNS epiphany.timeweightsummary
AS 'MODULE_PATHNAME', 'pge_time_weight_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.time_weight_rollup_add(pg_catalog.internal, tws epiphany.timeweightsummary)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_time_weight_rollup_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.time_weight_rollup_final(pg_catalog.internal)
RETURNS epiphany.timeweightsummary
AS 'MODULE_PATHNAME', 'pge_time_weight_rollup_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE epiphany.time_weight(method pg_catalog.text, ts pg_catalog.timestamptz, value pg_catalog.float8) (
	SFUNC = epiphany.time_weight_add,
	STYPE = pg_catalog.internal,
	COMBINEFUNC = epiphany.collect_combine,
	SERIALFUNC = epiphany.collect_serialize,
	DESERIALFUNC = epiphany.collect_deserialize,
	FINALFUNC = epiphany.time_weight_final,
	PARALLEL = SAFE);

COMMENT ON AGGREGATE epiphany.time_weight(pg_catalog.text, pg_catalog.timestamptz, pg_catalog.float8)
	IS 'integral of values over time, between points along a line (linear) or as they are (locf); rows with nulls are left out';

CREATE AGGREGATE epiphany.rollup(tws epiphany.timeweightsummary) (
	SFUNC = epiphany.time_weight_rollup_add,
	STYPE = pg_catalog.internal,
	COMBINEFUNC = epiphany.collect_combine,
	SERIALFUNC = epiphany.collect_serialize,
	DESERIALFUNC = epiphany.collect_deserialize,
	FINALFUNC = epiphany.time_weight_rollup_final,
	PARALLEL = SAFE);

COMMENT ON AGGREGATE epiphany.rollup(epiphany.timeweightsummary)
	IS 'integral over all times, which may not overlap, and what is between them';

CREATE FUNCTION epiphany.average(tws epiphany.timeweightsummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_time_weight_average'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.average(epiphany.timeweightsummary) IS 'time-weighted average; null of one point';

CREATE FUNCTION epiphany.integral(tws epiphany.timeweightsummary, unit pg_catalog.text DEFAULT 'second')
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_time_weight_integral'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.integral(epiphany.timeweightsummary, pg_catalog.text) IS 'integral over time, by microseconds, milliseconds, seconds, minutes or hours';

CREATE FUNCTION epiphany.first_time(tws epiphany.timeweightsummary)
RETURNS pg_catalog.timestamptz
AS 'MODULE_PATHNAME', 'pge_time_weight_first_time'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.first_time(epiphany.timeweightsummary) IS 'time of the first point';

CREATE FUNCTION epiphany.last_time(tws epiphany.timeweightsummary)
RETURNS pg_catalog.timestamptz
AS 'MODULE_PATHNAME', 'pge_time_weight_last_time'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.last_time(epiphany.timeweightsummary) IS 'time of the last point';

CREATE FUNCTION epiphany.first_val(tws epiphany.timeweightsummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_time_weight_first_val'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.first_val(epiphany.timeweightsummary) IS 'value of the first point';

CREATE FUNCTION epiphany.last_val(tws epiphany.timeweightsummary)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_time_weight_last_val'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.last_val(epiphany.timeweightsummary) IS 'value of the last point';

-- How long something was in which state.
CREATE TYPE epiphany.stateagg;

CREATE FUNCTION epiphany.stateagg_in(pg_catalog.cstring)
RETURNS epiphany.stateagg
AS 'MODULE_PATHNAME', 'pge_stateagg_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.stateagg_out(epiphany.stateagg)
RETURNS pg_catalog.cstring
AS 'MODULE_PATHNAME', 'pge_stateagg_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.stateagg_recv(pg_catalog.internal)
RETURNS epiphany.stateagg
AS 'MODULE_PATHNAME', 'pge_stateagg_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.stateagg_send(epiphany.stateagg)
RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME', 'pge_stateagg_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE epiphany.stateagg (
	INPUT = epiphany.stateagg_in,
	OUTPUT = epiphany.stateagg_out,
	RECEIVE = epiphany.stateagg_recv,
	SEND = epiphany.stateagg_send,
	ALIGNMENT = double,
	STORAGE = extended);

COMMENT ON TYPE epiphany.stateagg IS 'states of something, and when they began';

CREATE FUNCTION epiphany.state_agg_add(pg_catalog.internal, ts pg_catalog.timestamptz, value pg_catalog.text)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_state_add_text'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.state_agg_add(pg_catalog.internal, ts pg_catalog.timestamptz, value pg_catalog.int8)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_state_add_int8'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.state_rollup_add(pg_catalog.internal, agg epiphany.stateagg)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_state_rollup_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.state_combine(pg_catalog.internal, pg_catalog.internal)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_state_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION epiphany.state_serialize(pg_catalog.internal)
RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME', 'pge_state_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.state_deserialize(pg_catalog.bytea, pg_catalog.internal)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'pge_state_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION epiphany.state_final(pg_catalog.internal)
RETURNS epiphany.stateagg
AS 'MODULE_PATHNAME', 'pge_state_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE epiphany.state_agg(ts pg_catalog.timestamptz, value pg_catalog.text) (
	SFUNC = epiphany.state_agg_add,
	STYPE = pg_catalog.internal,
	COMBINEFUNC = epiphany.state_combine,
	SERIALFUNC = epiphany.state_serialize,
	DESERIALFUNC = epiphany.state_deserialize,
	FINALFUNC = epiphany.state_final,
	PARALLEL = SAFE);

COMMENT ON AGGREGATE epiphany.state_agg(pg_catalog.timestamptz, pg_catalog.text)
	IS 'states over time; rows with nulls are left out, of those at one time the greatest counts';

CREATE AGGREGATE epiphany.state_agg(ts pg_catalog.timestamptz, value pg_catalog.int8) (
	SFUNC = epiphany.state_agg_add,
	STYPE = pg_catalog.internal,
	COMBINEFUNC = epiphany.state_combine,
	SERIALFUNC = epiphany.state_serialize,
	DESERIALFUNC = epiphany.state_deserialize,
	FINALFUNC = epiphany.state_final,
	PARALLEL = SAFE);

COMMENT ON AGGREGATE epiphany.state_agg(pg_catalog.timestamptz, pg_catalog.int8)
	IS 'states over time, by number; rows with nulls are left out, of those at one time the greatest as text counts';

CREATE AGGREGATE epiphany.rollup(agg epiphany.stateagg) (
	SFUNC = epiphany.state_rollup_add,
	STYPE = pg_catalog.internal,
	COMBINEFUNC = epiphany.state_combine,
	SERIALFUNC = epiphany.state_serialize,
	DESERIALFUNC = epiphany.state_deserialize,
	FINALFUNC = epiphany.state_final,
	PARALLEL = SAFE);

COMMENT ON AGGREGATE epiphany.rollup(epiphany.stateagg)
	IS 'states over all times, which may not overlap; a state lasts until the next begins';

CREATE FUNCTION epiphany.duration_in(agg epiphany.stateagg, state pg_catalog.text)
RETURNS pg_catalog.interval
AS 'MODULE_PATHNAME', 'pge_state_duration_text'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.duration_in(epiphany.stateagg, pg_catalog.text) IS 'time in a state; 0 where it was in none';

CREATE FUNCTION epiphany.duration_in(agg epiphany.stateagg, state pg_catalog.int8)
RETURNS pg_catalog.interval
AS 'MODULE_PATHNAME', 'pge_state_duration_int8'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.duration_in(epiphany.stateagg, pg_catalog.int8) IS 'time in a state; 0 where it was in none';

CREATE FUNCTION epiphany.state_at(agg epiphany.stateagg, ts pg_catalog.timestamptz)
RETURNS pg_catalog.text
AS 'MODULE_PATHNAME', 'pge_state_at'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.state_at(epiphany.stateagg, pg_catalog.timestamptz) IS 'state at a time; null before the first';

CREATE FUNCTION epiphany.state_timeline(agg epiphany.stateagg)
RETURNS TABLE (state pg_catalog.text, start_time pg_catalog.timestamptz, end_time pg_catalog.timestamptz)
AS 'MODULE_PATHNAME', 'pge_state_timeline'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100;

COMMENT ON FUNCTION epiphany.state_timeline(epiphany.stateagg) IS 'states in the order of time, from when to when each lasted';
