/*
 * Time series: time_bucket_gapfill, locf and interpolate as functions. The first is time_bucket, by which rows are grouped; the others have
 * no value of their own. What fills gaps is a node of the plan, so here is found out, too, who calls them where that node cannot be.
 */
#include "postgres.h"

#include "catalog/pg_proc.h"
#include "catalog/pg_type_d.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "executor/lower.h"
#include "gapfill.h"
#include "timeseries.h"

/* ---- what a call is ---- */

PgeGapfillCall
pge_gapfill_call(const Node *node)
{
	const char *symbol;

	if (node == NULL || !IsA(node, FuncExpr) || (symbol = pge_own_symbol(((const FuncExpr *) node)->funcid)) == NULL)
		return PGE_GAPFILL_NONE;
	if (strncmp(symbol, "pge_time_bucket_gapfill_", strlen("pge_time_bucket_gapfill_")) == 0)
		return PGE_GAPFILL_BUCKET;
	if (strcmp(symbol, "pge_locf") == 0)
		return PGE_GAPFILL_LOCF;
	if (strcmp(symbol, "pge_interpolate") == 0)
		return PGE_GAPFILL_INTERPOLATE;
	return PGE_GAPFILL_NONE;
}

PgeGapfillArguments
pge_gapfill_arguments(const FuncExpr *call)
{
	bool		has_zone = list_length(call->args) == 5;

	return (PgeGapfillArguments) {
		.width = linitial(call->args),
		.time = lsecond(call->args),
		.zone = has_zone ? lthird(call->args) : NULL,
		.start = list_nth(call->args, has_zone ? 3 : 2),
		.finish = list_nth(call->args, has_zone ? 4 : 3),
	};
}

/* The call of time_bucket beside it that gives the same, for which the engine has kernels; any other call as it is. */
FuncExpr *
pge_gapfill_bucket(FuncExpr *call)
{
	PgeGapfillArguments arguments;
	FuncExpr   *bucket;
	List	   *args;
	Oid			types[5];
	Oid			function;
	int			nargs = 0;

	if (pge_gapfill_call((Node *) call) != PGE_GAPFILL_BUCKET)
		return call;
	arguments = pge_gapfill_arguments(call);
	args = list_make2(arguments.width, arguments.time);
	if (arguments.zone != NULL)
		args = list_concat(args, list_make3(arguments.zone, makeNullConst(TIMESTAMPTZOID, -1, InvalidOid),
											makeNullConst(INTERVALOID, -1, InvalidOid)));
	foreach_ptr(Node, arg, args)
		types[nargs++] = exprType(arg);
	function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("time_bucket"),
							   PointerGetDatum(buildoidvector(types, nargs)), ObjectIdGetDatum(get_func_namespace(call->funcid)));
	if (!OidIsValid(function))
		return call;
	bucket = copyObject(call);
	bucket->funcid = function;
	bucket->args = args;
	return bucket;
}

/* ---- time_bucket_gapfill: buckets; start and finish are the plan's ---- */

static Datum
bucket(FunctionCallInfo fcinfo, PGFunction time_bucket)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid time_bucket_gapfill argument: bucket_width cannot be NULL")));
	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();
	return DirectFunctionCall2(time_bucket, PG_GETARG_DATUM(0), PG_GETARG_DATUM(1));
}

#define GAPFILL_FUNCTION(type) \
PG_FUNCTION_INFO_V1(pge_time_bucket_gapfill_##type); \
Datum \
pge_time_bucket_gapfill_##type(PG_FUNCTION_ARGS) \
{ \
	return bucket(fcinfo, pge_time_bucket_##type); \
}

GAPFILL_FUNCTION(timestamp)
GAPFILL_FUNCTION(date)
GAPFILL_FUNCTION(int2)
GAPFILL_FUNCTION(int4)
GAPFILL_FUNCTION(int8)

PG_FUNCTION_INFO_V1(pge_time_bucket_gapfill_timezone);
Datum
pge_time_bucket_gapfill_timezone(PG_FUNCTION_ARGS)
{
	LOCAL_FCINFO(call, 5);
	Datum		result;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid time_bucket_gapfill argument: %s cannot be NULL", PG_ARGISNULL(0) ? "bucket_width" : "timezone")));
	InitFunctionCallInfoData(*call, fcinfo->flinfo, 5, InvalidOid, NULL, NULL);
	for (int i = 0; i < 3; i++)
		call->args[i] = fcinfo->args[i];
	call->args[3].isnull = call->args[4].isnull = true;
	result = pge_time_bucket_timezone(call);
	fcinfo->isnull = call->isnull;
	return result;
}

/* Does the query group by time_bucket_gapfill itself? */
static bool
groups_by_it(const Query *query)
{
	foreach_node(SortGroupClause, group, query->groupClause)
	{
		if (pge_gapfill_call(get_sortgroupclause_expr(group, query->targetList)) == PGE_GAPFILL_BUCKET)
			return true;
	}
	return false;
}

/* Asked by the planner for a shorter form of a call, which there is none of; but what could not be planned ends here. */
PG_FUNCTION_INFO_V1(pge_gapfill_support);
Datum
pge_gapfill_support(PG_FUNCTION_ARGS)
{
	const Node *request = (Node *) PG_GETARG_POINTER(0);
	const SupportRequestSimplify *simplify = (const SupportRequestSimplify *) request;

	if (!IsA(request, SupportRequestSimplify) || simplify->root == NULL || simplify->root->parse->commandType != CMD_SELECT ||
		groups_by_it(simplify->root->parse))
		PG_RETURN_POINTER(NULL);
	if (pge_gapfill_call((Node *) simplify->fcall) == PGE_GAPFILL_BUCKET)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("no top level time_bucket_gapfill in group by clause"),
				 errhint("Group by the call itself, or use time_bucket where no gaps are to be filled.")));
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s can only be used in a query that groups by time_bucket_gapfill", get_func_name(simplify->fcall->funcid))));
}

/* ---- locf and interpolate ---- */

static Datum
not_here(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s cannot be used here", name),
			 errdetail("It is computed when gaps have been filled, in the select list of a query that groups by time_bucket_gapfill.")));
}

PG_FUNCTION_INFO_V1(pge_locf);
Datum
pge_locf(PG_FUNCTION_ARGS)
{
	return not_here("locf");
}

PG_FUNCTION_INFO_V1(pge_interpolate);
Datum
pge_interpolate(PG_FUNCTION_ARGS)
{
	return not_here("interpolate");
}
