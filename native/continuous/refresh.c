/*
 * Continuous aggregates: refreshing.
 *
 * One transaction, one snapshot. The log rows that the snapshot sees tell which buckets to compute anew; source and log were changed
 * together, so under this snapshot the source has the changes of these log rows and of no others. The rows of these buckets are
 * replaced, the log rows go, and what of them lies beyond the window is written back. Writers are neither waited for nor kept waiting:
 * what they commit meanwhile, this snapshot sees neither in the source nor in the log, where it stays for the next refresh.
 *
 * Refreshes of one aggregate take turns, by a lock taken before the snapshot.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "continuous.h"
#include "shim/pge.h"

PG_FUNCTION_INFO_V1(pge_refresh_continuous_aggregate);

/* ---- statements ---- */

static Node *
parameter(int number, Oid type)
{
	Param	   *param = makeNode(Param);

	param->paramkind = PARAM_EXTERN;
	param->paramid = number;
	param->paramtype = type;
	param->paramtypmod = -1;
	param->location = -1;
	return (Node *) param;
}

/* The query between $1 and $2. */
static char *
bounded_query(const PgeContinuous *aggregate)
{
	PgeContinuousQuery parts;

	pge_continuous_query_take_apart(pge_definition_query(aggregate->definition), &parts);
	pge_add_time_bounds(&parts, parameter(1, parts.time_type), parameter(2, parts.time_type));
	return pg_get_querydef(parts.query, false);
}

static SPIPlanPtr
prepare(char *statement, Oid type)
{
	Oid			types[2] = {type, type};
	SPIPlanPtr	plan = SPI_prepare(statement, 2, types);

	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", statement, SPI_result_code_string(SPI_result));
	return plan;
}

/* Number of rows that came, went, or were returned. */
static int64
run(SPIPlanPtr plan, PgeRange range, Oid type, Snapshot snapshot, bool read_only)
{
	Datum		values[2] = {pge_time_datum(range.first, type), pge_time_datum(range.last, type)};
	int			result = SPI_execute_snapshot(plan, values, NULL, snapshot, InvalidSnapshot, read_only, true, 0);

	if (result < 0)
		elog(ERROR, "could not refresh a continuous aggregate: %s", SPI_result_code_string(result));
	return (int64) SPI_processed;
}

/* Replaces the stored rows of these ranges by what the snapshot sees. */
static void
store(const PgeContinuous *aggregate, const PgeContinuousQuery *parts, const PgeRanges *ranges, Snapshot snapshot, PgeRefreshed *done)
{
	char	   *table = pge_qualified_name(aggregate->materialization);
	const char *bucket = quote_identifier(get_attname(aggregate->materialization, parts->bucket_resno, false));
	SPIPlanPtr	take;
	SPIPlanPtr	put;
	SPIPlanPtr	count;

	SPI_connect();
	take = prepare(psprintf("DELETE FROM %s WHERE %s BETWEEN $1 AND $2", table, bucket), parts->time_type);
	/* A table with indexes takes rows into groups as they come: those of one chunk after the other. */
	put = prepare(psprintf("INSERT INTO %s %s%s", table, bounded_query(aggregate),
						   pge_continuous_by_time(aggregate) ? psprintf(" ORDER BY %d", parts->bucket_resno) : ""), parts->time_type);
	count = prepare(psprintf("SELECT pg_catalog.count(DISTINCT %s) FROM %s WHERE %s BETWEEN $1 AND $2", bucket, table, bucket),
					parts->time_type);
	for (int i = 0; i < ranges->n; i++)
	{
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		done->deleted += run(take, ranges->of[i], parts->time_type, snapshot, false);
		done->inserted += run(put, ranges->of[i], parts->time_type, snapshot, false);
		CommandCounterIncrement();
		PushCopiedSnapshot(snapshot);
		UpdateActiveSnapshotCommandId();
		run(count, ranges->of[i], parts->time_type, GetActiveSnapshot(), true);
		PopActiveSnapshot();
		done->buckets += DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		SPI_freetuptable(SPI_tuptable);
		done->ranges++;
	}
	SPI_finish();
}

/* ---- the refresh ---- */

/*
 * Not between somebody's look at the source and his commit: what he has changed in a joined table this snapshot would not see, but rows of
 * the source that he has not seen it would, and their log rows would go.
 */
static void
push_snapshot(const PgeContinuous *aggregate)
{
	Oid			base = pge_continuous_base(aggregate->source);

	LockDatabaseObject(RelationRelationId, base, PGE_LOCK_SNAPSHOT, ExclusiveLock);
	PushActiveSnapshot(IsolationUsesXactSnapshot() ? GetTransactionSnapshot() : GetLatestSnapshot());
	UnlockDatabaseObject(RelationRelationId, base, PGE_LOCK_SNAPSHOT, ExclusiveLock);
}

/* Triggers may be missing. True: changes have been missed. */
static bool
repair(const PgeContinuous *aggregate, List *tables)
{
	bool		missed = false;

	foreach_oid(table, tables)
	{
		if (!pge_capture_repair(table))
			continue;
		ereport(WARNING,
				(errmsg("changes of table \"%s\" were not recorded for continuous aggregate \"%s\"", get_rel_name(table),
						get_rel_name(aggregate->user_view)),
				 errdetail("Its triggers had been dropped, or its access method was changed by a restore."),
				 errhint("The triggers are there again, and everything counts as changed.")));
		pge_capture_table(table);
		missed = true;
	}
	return missed;
}

static void
refresh_as_owner(const PgeContinuous *aggregate, PgeRange window, bool force)
{
	PgeContinuousQuery parts;
	PgeRanges	pending = {0};
	PgeRanges	inside = {0};
	PgeRanges	outside = {0};
	PgeRefreshed done = {0};
	Snapshot	snapshot;

	/* What this transaction has changed is logged, and seen. */
	pge_capture_flush();
	LockRelationOid(aggregate->materialization, RowExclusiveLock);
	LockDatabaseObject(RelationRelationId, aggregate->definition, PGE_LOCK_REFRESH, ExclusiveLock);
	CommandCounterIncrement();
	push_snapshot(aggregate);
	snapshot = GetActiveSnapshot();
	pge_log_read(aggregate->definition, snapshot, &pending);
	pge_ranges_merge(&pending);
	pge_ranges_cut(&pending, window, &inside, &outside);
	if (inside.n == 0 && !force)
	{
		PopActiveSnapshot();
		ereport(NOTICE,
				(errmsg("continuous aggregate \"%s\" is already up-to-date", get_rel_name(aggregate->user_view))));
		return;
	}
	if (force)
	{
		inside.n = 0;
		pge_ranges_add(&inside, window.first, window.last);
	}
	pge_continuous_query_take_apart(pge_definition_query(aggregate->definition), &parts);
	pge_log_take(aggregate->definition, snapshot, &(PgeRanges) {0});
	pge_log_write(aggregate->definition, &outside);
	store(aggregate, &parts, &inside, snapshot, &done);
	PopActiveSnapshot();
	/* In real time the view has not changed by this. */
	if (aggregate->materialized_only)
		pge_capture_descendants(aggregate->user_view, &inside);
	pge_continuous_count(aggregate, &done);
	ereport(DEBUG1,
			(errmsg("continuous aggregate \"%s\": %lld ranges, %lld buckets, %lld rows deleted, %lld rows inserted",
					get_rel_name(aggregate->user_view), (long long) done.ranges, (long long) done.buckets,
					(long long) done.deleted, (long long) done.inserted)));
}

/* The window is from first to before end, INT64_MIN and INT64_MAX being no bound. */
void
pge_continuous_refresh(Oid user_view, int64 first, int64 end, bool force)
{
	PgeContinuous *aggregate = pge_continuous_find(user_view);
	PgeContinuousQuery parts;
	PgeBucketing bucketing;
	PgeRange	window;
	List	   *tables;
	Oid			user;
	int			security;
	int			nest_level;

	if (aggregate == NULL || aggregate->user_view != user_view)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a continuous aggregate", get_rel_name(user_view) ? get_rel_name(user_view) : "")));
	pge_check_owner(user_view);
	PreventCommandIfReadOnly("CALL refresh_continuous_aggregate");
	PreventCommandDuringRecovery("CALL refresh_continuous_aggregate");
	pge_continuous_query_take_apart(pge_definition_query(aggregate->definition), &parts);
	pge_bucketing_init(&bucketing, parts.call);
	if (!pge_bucketing_window(&bucketing, first, end, &window))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("refresh window too small"),
				 errdetail("No bucket of continuous aggregate \"%s\" lies within it as a whole.", get_rel_name(user_view)),
				 errhint("Align the window with the buckets, or make it larger.")));
	tables = pge_continuous_tables(aggregate->source, parts.query);
	/* Its snapshot may be any time old; see push_snapshot(). */
	if (IsolationUsesXactSnapshot() && list_length(tables) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("continuous aggregate \"%s\" cannot be refreshed under REPEATABLE READ or SERIALIZABLE", get_rel_name(user_view)),
				 errdetail("Its query joins tables, whose changes it notices by newer snapshots only."),
				 errhint("Refresh it in a transaction that is READ COMMITTED.")));
	/* What was missed may be too new for a transaction's one snapshot: it stays pending. */
	if (repair(aggregate, tables) && IsolationUsesXactSnapshot())
		return;

	/* As REFRESH MATERIALIZED VIEW does: what the query calls must not run with the rights of who refreshes. */
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(pge_owner_of(user_view), security | SECURITY_RESTRICTED_OPERATION);
	nest_level = NewGUCNestLevel();
	RestrictSearchPath();
	refresh_as_owner(aggregate, window, force);
	AtEOXact_GUC(false, nest_level);
	SetUserIdAndSecContext(user, security);
}

/* ---- the procedure ---- */

/* An argument of type "any" as a time: what can be read as one; an interval is that long ago. */
int64
pge_time_argument(Datum value, bool isnull, Oid type, Oid time_type, int64 if_null, const char *name)
{
	Oid			function;
	Oid			io_param;
	bool		varlena;
	char	   *text;

	if (isnull)
		return if_null;
	if (type == time_type)
		return pge_raw_time(value, time_type);
	if (type == INTERVALOID)
	{
		Datum		now = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());

		if (time_type != TIMESTAMPTZOID && time_type != TIMESTAMPOID && time_type != DATEOID)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s cannot be an interval, as the time column has type %s", name, format_type_be(time_type))));
		value = DirectFunctionCall2(timestamptz_mi_interval, now, value);
		type = TIMESTAMPTZOID;
		if (type == time_type)
			return pge_raw_time(value, time_type);
	}
	if (type == UNKNOWNOID)
		text = DatumGetCString(value);
	else
	{
		getTypeOutputInfo(type, &function, &varlena);
		text = OidOutputFunctionCall(function, value);
	}
	getTypeInputInfo(time_type, &function, &io_param);
	return pge_raw_time(OidInputFunctionCall(function, text, io_param, -1), time_type);
}

Datum
pge_refresh_continuous_aggregate(PG_FUNCTION_ARGS)
{
	PgeContinuous *aggregate;
	PgeContinuousQuery parts;
	int64		first;
	int64		end;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("continuous_aggregate must not be null")));
	aggregate = pge_continuous_find(PG_GETARG_OID(0));
	if (aggregate == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a continuous aggregate", get_rel_name(PG_GETARG_OID(0)) ? get_rel_name(PG_GETARG_OID(0)) : "")));
	pge_continuous_query_take_apart(pge_definition_query(aggregate->definition), &parts);
	first = pge_time_argument(PG_GETARG_DATUM(1), PG_ARGISNULL(1), get_fn_expr_argtype(fcinfo->flinfo, 1), parts.time_type, PG_INT64_MIN,
							  "window_start");
	end = pge_time_argument(PG_GETARG_DATUM(2), PG_ARGISNULL(2), get_fn_expr_argtype(fcinfo->flinfo, 2), parts.time_type, PG_INT64_MAX,
							"window_end");
	if (first > end)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("window_start must not be after window_end")));
	pge_continuous_refresh(PG_GETARG_OID(0), first, end, !PG_ARGISNULL(3) && PG_GETARG_BOOL(3));
	PG_RETURN_VOID();
}
