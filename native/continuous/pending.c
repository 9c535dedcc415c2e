/*
 * Continuous aggregates: which times the stored rows do not tell, as a query's snapshot and this transaction's own changes have it.
 *
 * Reads the log by the query's snapshot, by which it reads source and stored rows, too; so whatever a refresh did is seen as a whole or
 * not at all.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "continuous.h"
#include "shim/pge.h"

PG_FUNCTION_INFO_V1(pge_continuous_pending);
PG_FUNCTION_INFO_V1(pge_continuous_is_pending);
PG_FUNCTION_INFO_V1(pge_continuous_is_pending_date);
PG_FUNCTION_INFO_V1(pge_continuous_is_pending_int4);
PG_FUNCTION_INFO_V1(pge_continuous_is_pending_int2);
PG_FUNCTION_INFO_V1(pge_continuous_invalidate);

/*
 * What a call of is_pending keeps for the next one: good for the same snapshot and the same changes of our own. Of transactions before xmax
 * those in progress only become fewer, so bounds and counts tell snapshots apart.
 */
typedef struct Kept
{
	Oid			aggregate;
	TransactionId xmin;
	TransactionId xmax;
	uint32		xcnt;
	int32		subxcnt;
	CommandId	curcid;
	uint64		generation;
	PgeRanges	ranges;
	MemoryContext context;
} Kept;

void
pge_pending(Oid definition, Snapshot snapshot, PgeRanges *ranges)
{
	/* A snapshot from before the aggregate was made sees neither its log nor its rows. */
	if (!pge_continuous_visible(definition, snapshot))
		pge_ranges_add(ranges, PG_INT64_MIN, PG_INT64_MAX);
	pge_log_read(definition, snapshot, ranges);
	pge_capture_own(definition, ranges);
	pge_ranges_merge(ranges);
}

/* Views name the definition; users may name the view. */
static Oid
definition_of(Oid relation)
{
	PgeContinuous *aggregate = pge_continuous_find(relation);

	if (aggregate == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a continuous aggregate", get_rel_name(relation) ? get_rel_name(relation) : "")));
	return aggregate->definition;
}

Datum
pge_continuous_pending(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	PgeRanges	ranges = {0};
	Oid			type;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	type = TupleDescAttr(result->setDesc, 0)->atttypid;
	pge_pending(definition_of(PG_GETARG_OID(0)), GetActiveSnapshot(), &ranges);
	for (int i = 0; i < ranges.n; i++)
	{
		Datum		values[2] = {pge_time_datum(ranges.of[i].first, type), pge_time_datum(ranges.of[i].last, type)};
		bool		nulls[2] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

static Datum
is_pending(FunctionCallInfo fcinfo, int64 bucket)
{
	Kept	   *kept = fcinfo->flinfo->fn_extra;
	Snapshot	snapshot = GetActiveSnapshot();
	MemoryContext caller;

	if (kept == NULL)
	{
		kept = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Kept));
		kept->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "epiphany pending ranges", ALLOCSET_SMALL_SIZES);
		fcinfo->flinfo->fn_extra = kept;
	}
	if (kept->aggregate != PG_GETARG_OID(0) || kept->generation != pge_capture_generation() || kept->xmin != snapshot->xmin ||
		kept->xmax != snapshot->xmax || kept->xcnt != snapshot->xcnt || kept->subxcnt != snapshot->subxcnt ||
		kept->curcid != snapshot->curcid)
	{
		kept->aggregate = InvalidOid;
		kept->ranges = (PgeRanges) {0};
		MemoryContextReset(kept->context);
		caller = MemoryContextSwitchTo(kept->context);
		pge_pending(definition_of(PG_GETARG_OID(0)), snapshot, &kept->ranges);
		MemoryContextSwitchTo(caller);
		kept->aggregate = PG_GETARG_OID(0);
		kept->generation = pge_capture_generation();
		kept->xmin = snapshot->xmin;
		kept->xmax = snapshot->xmax;
		kept->xcnt = snapshot->xcnt;
		kept->subxcnt = snapshot->subxcnt;
		kept->curcid = snapshot->curcid;
	}
	PG_RETURN_BOOL(pge_ranges_have(&kept->ranges, bucket));
}

Datum
pge_continuous_is_pending(PG_FUNCTION_ARGS)
{
	return is_pending(fcinfo, PG_GETARG_INT64(1));
}

Datum
pge_continuous_is_pending_date(PG_FUNCTION_ARGS)
{
	return is_pending(fcinfo, pge_raw_time(PG_GETARG_DATUM(1), DATEOID));
}

Datum
pge_continuous_is_pending_int4(PG_FUNCTION_ARGS)
{
	return is_pending(fcinfo, PG_GETARG_INT32(1));
}

Datum
pge_continuous_is_pending_int2(PG_FUNCTION_ARGS)
{
	return is_pending(fcinfo, PG_GETARG_INT16(1));
}

/* ---- epiphany.invalidate ---- */

static Oid
time_type_of(const PgeContinuous *aggregate)
{
	PgeContinuousQuery parts;

	pge_continuous_query_take_apart(pge_definition_query(aggregate->definition), &parts);
	return parts.time_type;
}

Datum
pge_continuous_invalidate(PG_FUNCTION_ARGS)
{
	Oid			relation;
	PgeContinuous *aggregate;
	List	   *over;
	Oid			type;
	int64		first;
	int64		last;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("relation must not be null")));
	relation = PG_GETARG_OID(0);
	pge_check_owner(relation);
	aggregate = pge_continuous_find(relation);
	over = aggregate ? list_make1(aggregate) : pge_continuous_list(relation);
	if (over == NIL)
		PG_RETURN_VOID();
	type = time_type_of(linitial(over));
	first = pge_time_argument(PG_GETARG_DATUM(1), PG_ARGISNULL(1), get_fn_expr_argtype(fcinfo->flinfo, 1), type, PG_INT64_MIN, "first");
	last = pge_time_argument(PG_GETARG_DATUM(2), PG_ARGISNULL(2), get_fn_expr_argtype(fcinfo->flinfo, 2), type, PG_INT64_MAX, "last");
	if (first > last)
		PG_RETURN_VOID();
	pge_capture_range(aggregate ? aggregate->definition : relation, InvalidAttrNumber, first, last);
	PG_RETURN_VOID();
}
