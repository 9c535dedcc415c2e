/*
 * Time series: what locf and interpolate give. locf carries the last value forward; interpolate draws a line from the row before to the
 * row after. Where a group has no row before or after, they may be told what to take (a value; a row of time and value), which is evaluated
 * then, and once a group.
 *
 * Rows that there are keep their values; a NULL in one is a value, but for locf with treat_null_as_missing.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type_d.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/typcache.h"

#include "gapfill.h"

static void
forget(PgeFill *fill, PgeSample *sample)
{
	if (sample->known && !sample->isnull && !fill->byval)
		pfree(DatumGetPointer(sample->value));
	*sample = (PgeSample) {.isnull = true};
}

static void
remember(PgeFill *fill, PgeSample *sample, int64 time, Datum value, bool isnull)
{
	MemoryContext old = MemoryContextSwitchTo(fill->context);

	forget(fill, sample);
	sample->known = true;
	sample->isnull = isnull;
	sample->time = time;
	if (!isnull)
		sample->value = datumCopy(value, fill->byval, fill->length);
	MemoryContextSwitchTo(old);
}

/* A group begins. */
void
pge_fill_reset(PgeFill *fill)
{
	forget(fill, &fill->previous);
	forget(fill, &fill->next);
}

/* ---- what the call says about what is outside ---- */

static void
look_up_value(PgeFill *fill, ExprContext *econtext, PgeSample *sample)
{
	bool		isnull;
	Datum		value = ExecEvalExprSwitchContext(fill->before, econtext, &isnull);

	remember(fill, sample, 0, value, isnull);
}

/* A row of time and value. */
static void
look_up_row(PgeFill *fill, ExprState *expr, ExprContext *econtext, Oid time_type, PgeSample *sample)
{
	bool		isnull;
	Datum		row = ExecEvalExprSwitchContext(expr, econtext, &isnull);
	HeapTupleHeader header;
	HeapTupleData tuple;
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2];

	remember(fill, sample, 0, (Datum) 0, true);
	if (isnull)
		return;
	header = DatumGetHeapTupleHeader(row);
	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	if (desc->natts != 2)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("interpolate RECORD arguments must have 2 elements"),
				 errdetail("They are rows of a time and a value.")));
	if (TupleDescAttr(desc, 0)->atttypid != time_type || TupleDescAttr(desc, 1)->atttypid != fill->type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("interpolate RECORD arguments must be rows of %s and %s, not of %s and %s", format_type_be(time_type),
						format_type_be(fill->type), format_type_be(TupleDescAttr(desc, 0)->atttypid),
						format_type_be(TupleDescAttr(desc, 1)->atttypid)),
				 errhint("The time is of the type of the query's buckets, the value of the type of the first argument.")));
	tuple = (HeapTupleData) {.t_len = HeapTupleHeaderGetDatumLength(header),.t_data = header};
	heap_deform_tuple(&tuple, desc, values, nulls);
	ReleaseTupleDesc(desc);
	if (!nulls[0] && !nulls[1])
		remember(fill, sample, pge_time_to_units(time_type, values[0]), values[1], false);
}

/* ---- interpolation ---- */

/* Rounded towards zero. Weights add up to a distance of 64 bits at most, so that sums of products have 127. */
static int64
between_integers(int64 from, int64 to, int128 before, int128 whole)
{
	return (int64) (((int128) from * (whole - before) + (int128) to * before) / whole);
}

/* Without a sum that may overflow where the ends do not. */
static float8
between_floats(float8 from, float8 to, int128 before, int128 whole)
{
	float8		share = (float8) before / (float8) whole;

	return from == to ? from : from * (1 - share) + to * share;
}

static Datum
between(Oid type, const PgeSample *from, const PgeSample *to, int64 time)
{
	int128		whole = (int128) to->time - from->time;
	int128		before = (int128) time - from->time;

	/* What was looked up lies where it should not. */
	if (whole <= 0 || before < 0 || before > whole)
		return from->value;
	switch (type)
	{
		case INT2OID:
			return Int16GetDatum((int16) between_integers(DatumGetInt16(from->value), DatumGetInt16(to->value), before, whole));
		case INT4OID:
			return Int32GetDatum((int32) between_integers(DatumGetInt32(from->value), DatumGetInt32(to->value), before, whole));
		case INT8OID:
			return Int64GetDatum(between_integers(DatumGetInt64(from->value), DatumGetInt64(to->value), before, whole));
		case FLOAT4OID:
			return Float4GetDatum((float4) between_floats(DatumGetFloat4(from->value), DatumGetFloat4(to->value), before, whole));
		default:
			return Float8GetDatum(between_floats(DatumGetFloat8(from->value), DatumGetFloat8(to->value), before, whole));
	}
}

/* ---- rows ---- */

static bool
fills_nulls(const PgeFill *fill, ExprContext *econtext)
{
	bool		isnull;

	return fill->after != NULL && DatumGetBool(ExecEvalExprSwitchContext(fill->after, econtext, &isnull)) && !isnull;
}

/* What stands in a row that there is. */
Datum
pge_fill_of_row(PgeFill *fill, ExprContext *econtext, int64 time, Datum value, bool *isnull)
{
	if (fill->call == PGE_GAPFILL_LOCF && *isnull && fills_nulls(fill, econtext))
		return pge_fill_of_gap(fill, econtext, InvalidOid, time, NULL, isnull);
	remember(fill, &fill->previous, time, value, *isnull);
	return value;
}

/* What stands in a filled row. next: the group's next row; NULL: there is none. */
Datum
pge_fill_of_gap(PgeFill *fill, ExprContext *econtext, Oid time_type, int64 time, const PgeSample *next, bool *isnull)
{
	if (fill->call == PGE_GAPFILL_LOCF)
	{
		if (!fill->previous.known && fill->before != NULL)
			look_up_value(fill, econtext, &fill->previous);
		*isnull = !fill->previous.known || fill->previous.isnull;
		return fill->previous.value;
	}
	if (!fill->previous.known && fill->before != NULL)
		look_up_row(fill, fill->before, econtext, time_type, &fill->previous);
	if (next == NULL)
	{
		if (!fill->next.known && fill->after != NULL)
			look_up_row(fill, fill->after, econtext, time_type, &fill->next);
		next = &fill->next;
	}
	*isnull = !fill->previous.known || fill->previous.isnull || !next->known || next->isnull;
	return *isnull ? (Datum) 0 : between(fill->type, &fill->previous, next, time);
}
