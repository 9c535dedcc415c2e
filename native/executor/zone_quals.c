/*
 * Executor: finds those conditions of a scan that zone maps can judge, and evaluates their right sides once for each run.
 *
 * A condition compares a column of the table with something that is the same for the whole run: no columns, no volatile functions, no
 * subqueries. All conditions stay in the executor, which checks each row that the scan returns; what is found here only leaves out
 * rows that would fail. Where a policy or a view hides rows, only leakproof operators count, as for an index.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_class.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "common/int.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "lower.h"
#include "zones.h"

typedef struct ZoneQual
{
	int			attno;
	PgeZoneColumn column;
	bool		is_list;		/* the value is an array, of which any element will do */
	int64		before;			/* what is compared is rounded: values may be that much before ... */
	int64		after;			/* ... or after what could be equal */
	ExprState  *value;			/* NULL: a test for null */
	Bitmapset  *params;			/* internal ones that it needs */
} ZoneQual;

typedef struct ZoneQuals
{
	PgeScanFilter filter;		/* first, so that a filter is its conditions */
	ExprContext *econtext;
	MemoryContext run_cxt;		/* made at the first run; holds its tests */
	int			nquals;
	ZoneQual	quals[FLEXIBLE_ARRAY_MEMBER];
} ZoneQuals;

typedef struct FindContext
{
	Index		scanrelid;
	EState	   *estate;
	int			hides;			/* does the statement hide rows? -1: not known yet */
	List	   *found;			/* ZoneQual */
} FindContext;

/* The column behind a node, through relabels; NULL if it is none of this scan's. */
static Var *
column_of(Node *node, FindContext *context)
{
	while (node != NULL && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	if (node == NULL || !IsA(node, Var) || ((Var *) node)->varno != context->scanrelid || ((Var *) node)->varattno <= 0)
		return NULL;
	return (Var *) node;
}

/* A policy may be on the table that is queried while its partitions are scanned, so all of the statement's tables count. */
static bool
hides_rows(FindContext *context)
{
	if (context->hides < 0)
	{
		context->hides = 0;
		foreach_node(RangeTblEntry, rte, context->estate->es_plannedstmt->rtable)
		{
			HeapTuple	tuple;

			if (rte->security_barrier)
				context->hides = 1;
			if (rte->rtekind != RTE_RELATION)
				continue;
			tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(rte->relid));
			if (HeapTupleIsValid(tuple))
			{
				if (((Form_pg_class) GETSTRUCT(tuple))->relrowsecurity)
					context->hides = 1;
				ReleaseSysCache(tuple);
			}
		}
	}
	return context->hides > 0;
}

static bool
collect_params(Node *node, Bitmapset **params)
{
	if (node == NULL)
		return false;
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXEC)
		*params = bms_add_member(*params, ((Param *) node)->paramid);
	return expression_tree_walker(node, collect_params, params);
}

static ZoneQual *
add_qual(FindContext *context, int attno)
{
	ZoneQual   *qual = palloc0(sizeof(ZoneQual));

	qual->attno = attno;
	context->found = lappend(context->found, qual);
	return qual;
}

static void
add_comparison(FindContext *context, Var *var, Oid operator_id, Oid collation, Node *value, bool is_list)
{
	PgeZoneColumn column;
	ZoneQual   *qual;

	if (contain_var_clause(value) || contain_volatile_functions(value) || contain_subplans(value) ||
		!pge_zone_column(var->vartype, operator_id, collation, &column) ||
		(is_list && column.strategy != BTEqualStrategyNumber) ||
		(!get_func_leakproof(get_opcode(operator_id)) && hides_rows(context)))
		return;
	qual = add_qual(context, var->varattno);
	qual->column = column;
	qual->is_list = is_list;
	/* Without the plan's node, for which expressions would be compiled. */
	qual->value = ExecInitExprWithParams((Expr *) value, context->estate->es_param_list_info);
	collect_params(value, &qual->params);
}

static void
add_null_test(FindContext *context, Node *arg, bool is_null)
{
	Var		   *var = column_of(arg, context);

	if (var != NULL)
		add_qual(context, var->varattno)->column.order = is_null ? PgeZoneOrder_IsNull : PgeZoneOrder_IsNotNull;
}

static void
add_bool_test(FindContext *context, Node *arg, bool value)
{
	Var		   *var = column_of(arg, context);

	if (var != NULL)
		add_comparison(context, var, BooleanEqualOperator, InvalidOid, makeBoolConst(value, false), false);
}

/*
 * What is rounded from a column, such as its time_bucket, compared with a value: the column's own bounds are as much wider as the two
 * can lie apart.
 */
static void
add_rounded_comparison(FindContext *context, Node *node, Oid operator_id, Node *value, bool is_list)
{
	PgeRounding rounding;
	ZoneQual   *qual;
	int			nfound = list_length(context->found);

	if (!pge_rounding(node, &rounding) || rounding.var->varno != context->scanrelid || rounding.var->vartype != exprType(node))
		return;
	add_comparison(context, rounding.var, operator_id, InvalidOid, value, is_list);
	if (list_length(context->found) == nfound)
		return;
	qual = llast(context->found);
	qual->before = rounding.before;
	qual->after = rounding.is_bounded ? rounding.after : PG_INT64_MAX;
}

/* One condition of those that a row must all meet. */
static void
find_quals(Node *clause, FindContext *context)
{
	switch (nodeTag(clause))
	{
		case T_OpExpr:
			{
				OpExpr	   *op = (OpExpr *) clause;
				Var		   *var;

				if (list_length(op->args) != 2)
					return;
				if ((var = column_of(linitial(op->args), context)) != NULL)
					add_comparison(context, var, op->opno, op->inputcollid, lsecond(op->args), false);
				else if ((var = column_of(lsecond(op->args), context)) != NULL && OidIsValid(get_commutator(op->opno)))
					add_comparison(context, var, get_commutator(op->opno), op->inputcollid, linitial(op->args), false);
				else
				{
					add_rounded_comparison(context, linitial(op->args), op->opno, lsecond(op->args), false);
					add_rounded_comparison(context, lsecond(op->args), get_commutator(op->opno), linitial(op->args), false);
				}
				return;
			}
		case T_ScalarArrayOpExpr:
			{
				ScalarArrayOpExpr *op = (ScalarArrayOpExpr *) clause;
				Var		   *var = column_of(linitial(op->args), context);

				if (op->useOr && var != NULL)
					add_comparison(context, var, op->opno, op->inputcollid, lsecond(op->args), true);
				else if (op->useOr)
					add_rounded_comparison(context, linitial(op->args), op->opno, lsecond(op->args), true);
				return;
			}
		case T_NullTest:
			if (!((NullTest *) clause)->argisrow)
				add_null_test(context, (Node *) ((NullTest *) clause)->arg, ((NullTest *) clause)->nulltesttype == IS_NULL);
			return;
		case T_Var:
			add_bool_test(context, clause, true);
			return;
		case T_BooleanTest:
			{
				BooleanTest *test = (BooleanTest *) clause;

				if (test->booltesttype == IS_TRUE || test->booltesttype == IS_FALSE)
					add_bool_test(context, (Node *) test->arg, test->booltesttype == IS_TRUE);
				else if (test->booltesttype == IS_UNKNOWN || test->booltesttype == IS_NOT_UNKNOWN)
					add_null_test(context, (Node *) test->arg, test->booltesttype == IS_UNKNOWN);
				return;
			}
		case T_BoolExpr:
			{
				BoolExpr   *expr = (BoolExpr *) clause;

				if (expr->boolop == NOT_EXPR)
					add_bool_test(context, linitial(expr->args), false);
				else if (expr->boolop == AND_EXPR)
					foreach_ptr(Node, arg, expr->args)
						find_quals(arg, context);
				return;
			}
		default:
			return;
	}
}

/* A subquery's result that nobody has asked for yet is not computed for our sake: it may never be needed, and may fail. */
static bool
params_known(const ZoneQual *qual, ExprContext *econtext)
{
	int			param = -1;

	while ((param = bms_next_member(qual->params, param)) >= 0)
		if (econtext->ecxt_param_exec_vals[param].execPlan != NULL)
			return false;
	return true;
}

static bool
range_of(const ZoneQual *qual, Datum value, PgeZoneRange *range)
{
	int64		low;
	int64		high;

	if (!pge_zone_range(&qual->column, value, range))
		return false;
	if (qual->before > 0 || qual->after > 0)
	{
		if (pg_sub_s64_overflow((int64) range->Low, qual->before, &low))
			low = PG_INT64_MIN;
		if (pg_add_s64_overflow((int64) range->High, qual->after, &high))
			high = PG_INT64_MAX;
		range->Low = (u64) low;
		range->High = (u64) high;
	}
	return true;
}

/* Ranges of the values that the qual allows: their number, or -1 if nothing can be said. */
static int
ranges_of(const ZoneQual *qual, Datum value, bool isnull, PgeZoneRange **ranges)
{
	ArrayType  *array;
	Oid			type;
	int16		length;
	bool		byval;
	char		align;
	Datum	   *elements;
	bool	   *nulls;
	int			n;
	int			count = 0;

	if (isnull)
		return 0;
	if (!qual->is_list)
	{
		*ranges = palloc(sizeof(PgeZoneRange));
		return range_of(qual, value, *ranges) ? 1 : -1;
	}
	array = DatumGetArrayTypeP(value);
	type = ARR_ELEMTYPE(array);
	get_typlenbyvalalign(type, &length, &byval, &align);
	deconstruct_array(array, type, length, byval, align, &elements, &nulls, &n);
	*ranges = palloc_array(PgeZoneRange, Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			continue;
		if (!range_of(qual, elements[i], &(*ranges)[count++]))
			return -1;
	}
	return count;
}

/* Tests for this run; they stay good until the next call. Ready if all conditions could be evaluated. */
static void
prepare(PgeScanFilter *filter)
{
	ZoneQuals  *quals = (ZoneQuals *) filter;
	MemoryContext old;

	if (quals->run_cxt == NULL)
		quals->run_cxt = AllocSetContextCreate(GetMemoryChunkContext(quals), "zone tests", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(quals->run_cxt);
	old = MemoryContextSwitchTo(quals->run_cxt);
	filter->tests = palloc0_array(PgeZoneTest, quals->nquals);
	filter->ntests = 0;
	filter->ready = true;
	for (int i = 0; i < quals->nquals; i++)
	{
		ZoneQual   *qual = &quals->quals[i];
		PgeZoneTest *test = &filter->tests[filter->ntests];
		bool		isnull;
		Datum		value;

		if (!params_known(qual, quals->econtext))
		{
			filter->ready = false;
			continue;
		}
		test->Column = qual->attno - 1;
		test->Order = qual->column.order;
		if (qual->value != NULL)
		{
			value = ExecEvalExpr(qual->value, quals->econtext, &isnull);
			test->Count = ranges_of(qual, value, isnull, &test->Ranges);
			if (test->Count < 0)
				continue;
		}
		filter->ntests++;
	}
	MemoryContextSwitchTo(old);
}

/*
 * A filter by those conditions of a scan that zone maps can judge, in the current memory context; NULL if there are none. Parameters are
 * as econtext has them when a run reaches its first group.
 */
PgeScanFilter *
pge_zone_filter(const Scan *scan, EState *estate, ExprContext *econtext)
{
	FindContext context = {scan->scanrelid, estate, -1, NIL};
	ZoneQuals  *quals;

	foreach_ptr(Node, clause, scan->plan.qual)
		find_quals(clause, &context);
	if (context.found == NIL)
		return NULL;
	quals = palloc0(offsetof(ZoneQuals, quals) + list_length(context.found) * sizeof(ZoneQual));
	quals->filter.prepare = prepare;
	quals->econtext = econtext;
	foreach_ptr(ZoneQual, qual, context.found)
		quals->quals[quals->nquals++] = *qual;
	return &quals->filter;
}
