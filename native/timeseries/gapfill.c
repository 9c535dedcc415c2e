/*
 * Time series: the plan node that fills gaps. Its input comes sorted by the other keys, then by time. Each group of the other keys gets,
 * between the rows that there are, a row for each bucket from start up to before finish that has none: with the group's keys, the bucket's
 * start as time, NULL for aggregates, and what locf and interpolate give. Rows outside of start and finish pass as they are. Without other
 * keys there is one group, with or without rows.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/ruleutils.h"

#include "gapfill.h"

typedef struct GapFill
{
	CustomScanState css;
	MemoryContext cxt;			/* what lives as long as the node */

	/* what the plan says */
	int			ncolumns;		/* from below; those of fills come after them */
	int			time;
	int			nfills;
	PgeFill    *fills;
	List	   *kept;			/* as PGE_GAPFILL_KEPT has it */
	List	   *kinds;			/* of starts, then of finishes */
	List	   *width;			/* ExprState, one */
	List	   *zone;			/* one or none */
	List	   *starts;
	List	   *finishes;
	ExprState  *same_group;		/* NULL: there are no other keys */

	/* what is known once it runs */
	bool		running;
	Oid			type;			/* of the time */
	PgeBuckets	buckets;
	int64		start;
	int64		finish;

	/* where it is */
	TupleTableSlot *ahead;		/* the next row from below, as it lies there; NULL or empty: there is none */
	bool		taken;			/* it has been given out */
	bool		in_group;
	bool		is_ahead_ours;	/* it is of the group */
	TupleTableSlot *group;		/* a row of the group; empty where there is none */
	int64		next;			/* bucket to fill next */
	bool		full;			/* there is none */
} GapFill;

static const CustomExecMethods exec_methods;

static Node *
create_state(CustomScan *plan)
{
	GapFill    *state = palloc0(sizeof(GapFill));

	NodeSetTag(state, T_CustomScanState);
	state->css.methods = &exec_methods;
	return (Node *) state;
}

static List *
private(const CustomScan *plan, PgeGapfillPrivate which)
{
	return list_nth(plan->custom_private, which);
}

static void
begin_fills(GapFill *state, const CustomScan *plan, List *exprs)
{
	List	   *words = private(plan, PGE_GAPFILL_FILLS);

	state->nfills = list_length(words) / PGE_FILL_WORDS;
	state->fills = palloc0_array(PgeFill, Max(state->nfills, 1));
	for (int i = 0; i < state->nfills; i++)
	{
		PgeFill    *fill = &state->fills[i];
		int			before = list_nth_int(words, i * PGE_FILL_WORDS + 2);
		int			after = list_nth_int(words, i * PGE_FILL_WORDS + 3);
		TargetEntry *value;

		fill->call = list_nth_int(words, i * PGE_FILL_WORDS);
		fill->column = list_nth_int(words, i * PGE_FILL_WORDS + 1);
		value = list_nth_node(TargetEntry, plan->custom_scan_tlist, fill->column);
		fill->type = exprType((Node *) value->expr);
		get_typlenbyval(fill->type, &fill->length, &fill->byval);
		fill->before = before < 0 ? NULL : list_nth(exprs, before);
		fill->after = after < 0 ? NULL : list_nth(exprs, after);
		fill->context = state->cxt;
		pge_fill_reset(fill);
	}
}

static void
begin_groups(GapFill *state, const CustomScan *plan, PlanState *child)
{
	int			nkeys = list_length(private(plan, PGE_GAPFILL_KEYS));
	AttrNumber *columns = palloc_array(AttrNumber, Max(nkeys, 1));
	Oid		   *operators = palloc_array(Oid, Max(nkeys, 1));
	Oid		   *collations = palloc_array(Oid, Max(nkeys, 1));

	for (int i = 0; i < nkeys; i++)
	{
		columns[i] = (AttrNumber) list_nth_int(private(plan, PGE_GAPFILL_KEYS), i);
		operators[i] = list_nth_oid(private(plan, PGE_GAPFILL_OPERATORS), i);
		collations[i] = list_nth_oid(private(plan, PGE_GAPFILL_COLLATIONS), i);
	}
	if (nkeys > 0)
		state->same_group = execTuplesMatchPrepare(ExecGetResultType(child), nkeys, columns, operators, collations, &state->css.ss.ps);
	state->group = ExecInitExtraTupleSlot(state->css.ss.ps.state, ExecGetResultType(child), &TTSOpsMinimalTuple);
}

static void
begin(CustomScanState *node, EState *estate, int eflags)
{
	GapFill    *state = (GapFill *) node;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	List	   *layout = private(plan, PGE_GAPFILL_LAYOUT);
	int			nstarts = list_nth_int(layout, 2);
	int			nfinishes = list_nth_int(layout, 3);
	int			has_zone = list_nth_int(layout, 4);
	PlanState  *child = ExecInitNode(linitial(plan->custom_plans), estate, eflags);
	List	   *exprs = ExecInitExprList(plan->custom_exprs, &node->ss.ps);

	node->custom_ps = list_make1(child);
	state->cxt = AllocSetContextCreate(estate->es_query_cxt, "gap filling", ALLOCSET_DEFAULT_SIZES);
	state->ncolumns = list_nth_int(layout, 0);
	state->time = list_nth_int(layout, 1);
	state->type = exprType((Node *) list_nth_node(TargetEntry, plan->custom_scan_tlist, state->time)->expr);
	state->kept = private(plan, PGE_GAPFILL_KEPT);
	state->kinds = private(plan, PGE_GAPFILL_KINDS);
	state->width = list_make1(linitial(exprs));
	if (has_zone)
		state->zone = list_make1(lsecond(exprs));
	for (int i = 0; i < nstarts; i++)
		state->starts = lappend(state->starts, list_nth(exprs, 1 + has_zone + i));
	for (int i = 0; i < nfinishes; i++)
		state->finishes = lappend(state->finishes, list_nth(exprs, 1 + has_zone + nstarts + i));
	begin_groups(state, plan, child);
	begin_fills(state, plan, exprs);
}

/* ---- bounds ---- */

static Datum
argument(GapFill *state, List *expr, const char *name)
{
	bool		isnull;
	Datum		value = ExecEvalExprSwitchContext(linitial(expr), state->css.ss.ps.ps_ExprContext, &isnull);

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid time_bucket_gapfill argument: %s cannot be NULL", name)));
	return value;
}

/* The narrowest of what the bounds say. */
static int64
bound(GapFill *state, List *exprs, int kind, bool finish)
{
	int64		narrowest = finish ? PG_INT64_MAX : PG_INT64_MIN;

	foreach_ptr(ExprState, expr, exprs)
	{
		Datum		value = argument(state, list_make1(expr), finish ? "finish" : "start");
		int64		units = pge_bound_to_units(state->type, value, list_nth_int(state->kinds, kind++), finish);

		narrowest = finish ? Min(narrowest, units) : Max(narrowest, units);
	}
	return narrowest;
}

static void
start(GapFill *state)
{
	MemoryContext old = MemoryContextSwitchTo(state->cxt);
	TupleTableSlot *none = state->css.ss.ss_ScanTupleSlot;

	/* Nothing that is evaluated here has columns. */
	state->css.ss.ps.ps_ExprContext->ecxt_scantuple = ExecStoreAllNullTuple(none);
	state->buckets.type = state->type;
	state->buckets.width = argument(state, state->width, "bucket_width");
	state->buckets.has_zone = state->zone != NIL;
	if (state->zone != NIL)
		state->buckets.zone = argument(state, state->zone, "timezone");
	state->start = pge_bucket_of(&state->buckets, bound(state, state->starts, 0, false));
	state->finish = bound(state, state->finishes, list_length(state->starts), true);
	/* Widths may lie in memory of a single row. */
	state->buckets.width = datumCopy(state->buckets.width, state->type == INT2OID || state->type == INT4OID || state->type == INT8OID,
									 sizeof(Interval));
	if (state->zone != NIL)
		state->buckets.zone = datumCopy(state->buckets.zone, false, -1);
	MemoryContextSwitchTo(old);
}

/* ---- rows ---- */

static void
fetch(GapFill *state)
{
	state->ahead = ExecProcNode(linitial(state->css.custom_ps));
	state->taken = false;
	state->is_ahead_ours = false;
	if (TupIsNull(state->ahead))
		return;
	if (state->in_group)
	{
		ExprContext *econtext = state->css.ss.ps.ps_ExprContext;

		econtext->ecxt_innertuple = state->ahead;
		econtext->ecxt_outertuple = state->group;
		state->is_ahead_ours = state->same_group == NULL || ExecQualAndReset(state->same_group, econtext);
	}
}

/* At the start of the groups' next one. False: there is none. */
static bool
enter_group(GapFill *state, bool first)
{
	if (!TupIsNull(state->ahead))
		ExecCopySlot(state->group, state->ahead);
	else if (!first || state->same_group != NULL)
		return false;
	state->in_group = true;
	state->is_ahead_ours = !TupIsNull(state->ahead);
	state->next = state->start;
	state->full = state->start >= state->finish;
	for (int i = 0; i < state->nfills; i++)
		pge_fill_reset(&state->fills[i]);
	return true;
}

static void
advance(GapFill *state)
{
	state->full = !pge_bucket_after(&state->buckets, state->next, &state->next) || state->next >= state->finish;
}

/* The row from below with the fills' values. */
static TupleTableSlot *
row_from_below(GapFill *state, bool has_time, int64 time)
{
	ExprContext *econtext = state->css.ss.ps.ps_ExprContext;
	TupleTableSlot *slot = ExecClearTuple(state->css.ss.ss_ScanTupleSlot);

	slot_getallattrs(state->ahead);
	memcpy(slot->tts_values, state->ahead->tts_values, state->ncolumns * sizeof(Datum));
	memcpy(slot->tts_isnull, state->ahead->tts_isnull, state->ncolumns * sizeof(bool));
	memset(slot->tts_isnull + state->ncolumns, true, state->nfills * sizeof(bool));
	econtext->ecxt_scantuple = ExecStoreVirtualTuple(slot);
	for (int i = 0; i < state->nfills; i++)
	{
		PgeFill    *fill = &state->fills[i];
		bool		isnull = slot->tts_isnull[fill->column];
		Datum		value = slot->tts_values[fill->column];

		if (has_time)
			value = pge_fill_of_row(fill, econtext, time, value, &isnull);
		slot->tts_values[state->ncolumns + i] = value;
		slot->tts_isnull[state->ncolumns + i] = isnull;
	}
	return slot;
}

static TupleTableSlot *
filled_row(GapFill *state, bool has_next, int64 next_time)
{
	ExprContext *econtext = state->css.ss.ps.ps_ExprContext;
	TupleTableSlot *slot = ExecClearTuple(state->css.ss.ss_ScanTupleSlot);

	memset(slot->tts_isnull, true, (state->ncolumns + state->nfills) * sizeof(bool));
	if (!TupIsNull(state->group))
	{
		slot_getallattrs(state->group);
		for (int i = 0; i < state->ncolumns; i++)
		{
			if (list_nth_int(state->kept, i) != 0)
			{
				slot->tts_values[i] = state->group->tts_values[i];
				slot->tts_isnull[i] = state->group->tts_isnull[i];
			}
		}
	}
	slot->tts_values[state->time] = pge_units_to_time(state->type, state->next);
	slot->tts_isnull[state->time] = false;
	econtext->ecxt_scantuple = ExecStoreVirtualTuple(slot);
	for (int i = 0; i < state->nfills; i++)
	{
		PgeFill    *fill = &state->fills[i];
		PgeSample	next = {.known = true,.time = next_time};
		bool		isnull;
		Datum		value;

		if (has_next)
			next.value = slot_getattr(state->ahead, fill->column + 1, &next.isnull);
		value = pge_fill_of_gap(fill, econtext, state->type, state->next, has_next ? &next : NULL, &isnull);
		slot->tts_values[state->ncolumns + i] = value;
		slot->tts_isnull[state->ncolumns + i] = isnull;
	}
	return slot;
}

/* The next row, of the group in work or of the next one; NULL after the last. first: no group has been entered. */
static TupleTableSlot *
next_row(GapFill *state, bool first)
{
	for (;;)
	{
		bool		no_time = true;
		bool		has_next;
		int64		time = 0;

		CHECK_FOR_INTERRUPTS();
		if (!state->in_group && !enter_group(state, first))
			return NULL;
		first = false;
		if (state->is_ahead_ours)
		{
			Datum		datum = slot_getattr(state->ahead, state->time + 1, &no_time);

			if (!no_time)
				time = pge_time_to_units(state->type, datum);
		}
		has_next = state->is_ahead_ours && !no_time;
		if (!state->full && (!has_next || state->next < time))
		{
			TupleTableSlot *slot = filled_row(state, has_next, time);

			advance(state);
			return slot;
		}
		if (state->is_ahead_ours)
		{
			while (has_next && !state->full && state->next <= time)
				advance(state);
			state->taken = true;
			return row_from_below(state, has_next, time);
		}
		state->in_group = false;
	}
}

/* What lies below runs in the caller's memory context, all else in that of a single row. */
static TupleTableSlot *
next_slot(ScanState *node)
{
	GapFill    *state = (GapFill *) node;
	bool		first = !state->running;
	MemoryContext old;
	TupleTableSlot *slot;

	if (first)
		start(state);
	if (first || state->taken)
		fetch(state);
	state->running = true;
	old = MemoryContextSwitchTo(node->ps.ps_ExprContext->ecxt_per_tuple_memory);
	slot = next_row(state, first);
	MemoryContextSwitchTo(old);
	return slot;
}

/* Rows are made here: none is looked up again. */
static bool
recheck(ScanState *node, TupleTableSlot *slot)
{
	return true;
}

static TupleTableSlot *
exec(CustomScanState *node)
{
	return ExecScan(&node->ss, next_slot, recheck);
}

static void
rescan(CustomScanState *node)
{
	GapFill    *state = (GapFill *) node;
	PlanState  *child = linitial(node->custom_ps);

	if (node->ss.ps.chgParam != NULL)
		UpdateChangedParamSet(child, node->ss.ps.chgParam);
	if (child->chgParam == NULL)
		ExecReScan(child);
	for (int i = 0; i < state->nfills; i++)
		pge_fill_reset(&state->fills[i]);
	ExecClearTuple(state->group);
	ExecScanReScan(&node->ss);
	state->running = state->in_group = state->taken = false;
	state->ahead = NULL;
}

static void
end(CustomScanState *node)
{
	ExecEndNode(linitial(node->custom_ps));
	MemoryContextDelete(((GapFill *) node)->cxt);
}

/* ---- EXPLAIN ---- */

static void
explain_exprs(const char *label, List *exprs, List *context, bool prefix, ExplainState *es)
{
	List	   *texts = NIL;

	foreach_ptr(Node, expr, exprs)
		texts = lappend(texts, deparse_expression(expr, context, prefix, false));
	if (texts != NIL)
		ExplainPropertyList(label, texts, es);
}

static void
explain(CustomScanState *node, List *ancestors, ExplainState *es)
{
	GapFill    *state = (GapFill *) node;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	List	   *context = set_deparse_context_plan(es->deparse_cxt, (Plan *) plan, ancestors);
	bool		prefix = es->verbose || list_length(es->rtable) > 1;
	int			first = 1 + list_length(state->zone);
	List	   *starts = list_copy_tail(plan->custom_exprs, first);
	List	   *finishes = list_copy_tail(starts, list_length(state->starts));
	List	   *fills = NIL;

	foreach_node(TargetEntry, target, list_copy_tail(plan->custom_scan_tlist, state->ncolumns))
		fills = lappend(fills, target->expr);
	explain_exprs("Buckets", list_make1(list_nth_node(TargetEntry, plan->custom_scan_tlist, state->time)->expr), context, prefix, es);
	explain_exprs("Start", list_truncate(starts, list_length(state->starts)), context, prefix, es);
	explain_exprs("Finish", list_truncate(finishes, list_length(state->finishes)), context, prefix, es);
	explain_exprs("Fills", fills, context, prefix, es);
}

const CustomScanMethods pge_gapfill_methods = {
	.CustomName = PGE_GAPFILL_NAME,
	.CreateCustomScanState = create_state,
};

static const CustomExecMethods exec_methods = {
	.CustomName = PGE_GAPFILL_NAME,
	.BeginCustomScan = begin,
	.ExecCustomScan = exec,
	.EndCustomScan = end,
	.ReScanCustomScan = rescan,
	.ExplainCustomScan = explain,
};
