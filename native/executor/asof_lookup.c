/*
 * Executor: finds, for each row of an outer plan, the first of the rows with the same keys, in an order, whose time is not beyond the
 * outer row's; or just the first. All rows that may be wanted are kept in memory: a hash table by keys, in each group the rows in their
 * order, in which a search by halves finds the first. The table is made when a second row is looked up: the first is found by the plan
 * that was there. So are all where the table does not fit into the memory that hash tables may take.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "executor/nodeHash.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/sortsupport.h"

#include "asof_lookup.h"

/* Rows with the same keys; in their order once that has been asked for. */
typedef struct SameKeys
{
	int64		count;
	int64		room;
	bool		sorted;
	MinimalTuple *rows;
} SameKeys;

typedef struct Lookup
{
	CustomScanState css;
	int			nkeys;
	AttrNumber *keys;
	List	   *key_exprs;		/* ExprState */
	ExprState  *time_clause;	/* NULL: rows of any time */
	int			nsort;
	SortSupport sort;
	AttrNumber *sort_columns;

	MemoryContext cxt;			/* of the table and its rows */
	MemoryContext scratch;
	TupleHashTable table;		/* with keys; NULL: not made */
	SameKeys	   *only;			/* without */
	bool		made;
	bool		too_large;
	bool		asked;			/* has a row been looked up? */
	TupleTableSlot *probe;		/* keys of the outer row */
	TupleTableSlot *left;		/* for sorting */
	TupleTableSlot *right;

	bool		begun;			/* the row in work has been looked up */
	bool		given;			/* its row has been given */
	SameKeys	   *group;
	int64		next;
} Lookup;

static const CustomExecMethods exec_methods;

static Node *
create_state(CustomScan *plan)
{
	Lookup	   *state = palloc0(sizeof(Lookup));

	NodeSetTag(state, T_CustomScanState);
	state->css.methods = &exec_methods;
	state->css.slotOps = &TTSOpsMinimalTuple;
	return (Node *) state;
}

static List *
private(const CustomScanState *node, enum PgeAsofPrivate which)
{
	return list_nth(((const CustomScan *) node->ss.ps.plan)->custom_private, which);
}

static AttrNumber *
columns_of(List *list)
{
	AttrNumber *columns = palloc_array(AttrNumber, Max(list_length(list), 1));
	int			n = 0;

	foreach_int(column, list)
		columns[n++] = (AttrNumber) column;
	return columns;
}

static void
begin(CustomScanState *node, EState *estate, int eflags)
{
	Lookup	   *state = (Lookup *) node;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	TupleDesc	desc = node->ss.ss_ScanTupleSlot->tts_tupleDescriptor;

	foreach_ptr(Plan, child, plan->custom_plans)
		node->custom_ps = lappend(node->custom_ps, ExecInitNode(child, estate, eflags));
	state->nkeys = list_length(private(node, PGE_ASOF_KEYS));
	state->keys = columns_of(private(node, PGE_ASOF_KEYS));
	state->key_exprs = ExecInitExprList(list_copy_head(plan->custom_exprs, state->nkeys), &node->ss.ps);
	if (list_length(plan->custom_exprs) > state->nkeys)
		state->time_clause = ExecInitExpr(llast(plan->custom_exprs), &node->ss.ps);
	state->nsort = list_length(private(node, PGE_ASOF_SORT_COLUMNS));
	state->sort_columns = columns_of(private(node, PGE_ASOF_SORT_COLUMNS));
	state->sort = palloc0_array(SortSupportData, state->nsort);
	for (int i = 0; i < state->nsort; i++)
	{
		state->sort[i].ssup_cxt = estate->es_query_cxt;
		state->sort[i].ssup_collation = list_nth_oid(private(node, PGE_ASOF_SORT_COLLATIONS), i);
		state->sort[i].ssup_nulls_first = list_nth_int(private(node, PGE_ASOF_NULLS_FIRST), i) != 0;
		state->sort[i].ssup_attno = state->sort_columns[i];
		PrepareSortSupportFromOrderingOp(list_nth_oid(private(node, PGE_ASOF_SORT_OPERATORS), i), &state->sort[i]);
	}
	state->cxt = AllocSetContextCreate(estate->es_query_cxt, "asof lookup", ALLOCSET_DEFAULT_SIZES);
	state->scratch = AllocSetContextCreate(estate->es_query_cxt, "asof lookup of a row", ALLOCSET_DEFAULT_SIZES);
	state->probe = ExecInitExtraTupleSlot(estate, desc, &TTSOpsVirtual);
	state->left = ExecInitExtraTupleSlot(estate, desc, &TTSOpsMinimalTuple);
	state->right = ExecInitExtraTupleSlot(estate, desc, &TTSOpsMinimalTuple);
}

/* ---- the table ---- */

static void
make_table(Lookup *state)
{
	List	   *equalities = private(&state->css, PGE_ASOF_EQUALITIES);
	TupleDesc	desc = state->probe->tts_tupleDescriptor;
	Oid		   *equal = palloc_array(Oid, state->nkeys);
	FmgrInfo   *hash = palloc_array(FmgrInfo, state->nkeys);
	Oid		   *collations = palloc_array(Oid, state->nkeys);

	if (state->nkeys == 0)
	{
		state->only = palloc0_object(SameKeys);
		return;
	}
	for (int i = 0; i < state->nkeys; i++)
	{
		RegProcedure left;
		RegProcedure right;

		equal[i] = get_opcode(list_nth_oid(equalities, i));
		if (!get_op_hash_functions(list_nth_oid(equalities, i), &left, &right))
			elog(ERROR, "no hash function for operator %u", list_nth_oid(equalities, i));
		fmgr_info(left, &hash[i]);
		collations[i] = TupleDescAttr(desc, state->keys[i] - 1)->attcollation;
	}
	state->table = BuildTupleHashTableExt(&state->css.ss.ps, desc, state->nkeys, state->keys, equal, hash, collations, 1024, 0, state->cxt,
										  state->cxt, state->scratch, false);
}

/* Rows that lack a key, or the time that is compared, are never found. */
static bool
may_be_found(Lookup *state, TupleTableSlot *slot)
{
	for (int i = 0; i < state->nkeys; i++)
		if (slot_attisnull(slot, state->keys[i]))
			return false;
	return state->time_clause == NULL || !slot_attisnull(slot, state->sort_columns[0]);
}

static void
keep(Lookup *state, TupleTableSlot *slot)
{
	SameKeys	   *group = state->only;
	MemoryContext old;

	if (state->table != NULL)
	{
		bool		is_new;
		TupleHashEntry entry = LookupTupleHashEntry(state->table, slot, &is_new, NULL);

		if (is_new)
			entry->additional = MemoryContextAllocZero(state->cxt, sizeof(SameKeys));
		group = entry->additional;
	}
	old = MemoryContextSwitchTo(state->cxt);
	if (group->count == group->room)
	{
		group->room = Max(group->room * 2, 4);
		group->rows = group->rows == NULL ? palloc_array(MinimalTuple, group->room) :
			repalloc_huge(group->rows, group->room * sizeof(MinimalTuple));
	}
	group->rows[group->count++] = ExecCopySlotMinimalTuple(slot);
	MemoryContextSwitchTo(old);
}

static void
forget(Lookup *state)
{
	MemoryContextReset(state->cxt);
	state->table = NULL;
	state->only = NULL;
	state->made = false;
}

/* All rows of the first child. */
static void
fill(Lookup *state)
{
	PlanState  *child = linitial(state->css.custom_ps);
	MemoryContext old = MemoryContextSwitchTo(state->cxt);
	int64		rows = 0;

	make_table(state);
	MemoryContextSwitchTo(old);
	for (;;)
	{
		TupleTableSlot *slot = ExecProcNode(child);

		CHECK_FOR_INTERRUPTS();
		if (TupIsNull(slot))
			break;
		if (may_be_found(state, slot))
			keep(state, slot);
		MemoryContextReset(state->scratch);
		if (++rows % 1024 == 0 && MemoryContextMemAllocated(state->cxt, true) > get_hash_memory_limit())
		{
			forget(state);
			state->too_large = true;
			return;
		}
	}
	state->made = true;
}

static int
compare_rows(const void *a, const void *b, void *context)
{
	Lookup	   *state = context;

	ExecStoreMinimalTuple(*(const MinimalTuple *) a, state->left, false);
	ExecStoreMinimalTuple(*(const MinimalTuple *) b, state->right, false);
	for (int i = 0; i < state->nsort; i++)
	{
		bool		left_null;
		bool		right_null;
		Datum		left = slot_getattr(state->left, state->sort_columns[i], &left_null);
		Datum		right = slot_getattr(state->right, state->sort_columns[i], &right_null);
		int			order = ApplySortComparator(left, left_null, right, right_null, &state->sort[i]);

		if (order != 0)
			return order;
	}
	return 0;
}

/* ---- looking up ---- */

/* The rows with the outer row's keys, in order; NULL: there are none. */
static SameKeys *
find_group(Lookup *state)
{
	ExprContext *econtext = state->css.ss.ps.ps_ExprContext;
	SameKeys	   *group = state->only;

	if (state->table != NULL)
	{
		TupleHashEntry entry;
		int			n = 0;

		ExecClearTuple(state->probe);
		memset(state->probe->tts_isnull, true, state->probe->tts_tupleDescriptor->natts * sizeof(bool));
		foreach_ptr(ExprState, expr, state->key_exprs)
		{
			int			column = state->keys[n++] - 1;

			state->probe->tts_values[column] = ExecEvalExprSwitchContext(expr, econtext, &state->probe->tts_isnull[column]);
			if (state->probe->tts_isnull[column])
				return NULL;
		}
		entry = LookupTupleHashEntry(state->table, ExecStoreVirtualTuple(state->probe), NULL, NULL);
		if (entry == NULL)
			return NULL;
		group = entry->additional;
	}
	if (!group->sorted)
		qsort_arg(group->rows, group->count, sizeof(MinimalTuple), compare_rows, state);
	group->sorted = true;
	return group;
}

static bool
is_in_time(Lookup *state, MinimalTuple row)
{
	ExprContext *econtext = state->css.ss.ps.ps_ExprContext;
	bool		isnull;

	econtext->ecxt_scantuple = ExecStoreMinimalTuple(row, state->css.ss.ss_ScanTupleSlot, false);
	return DatumGetBool(ExecEvalExprSwitchContext(state->time_clause, econtext, &isnull)) && !isnull;
}

/* The first row in the order that is in time: all after it are, too. */
static int64
find_first(Lookup *state, const SameKeys *group)
{
	int64		low = 0;
	int64		high = group->count;

	while (low < high)
	{
		int64		middle = low + (high - low) / 2;

		if (is_in_time(state, group->rows[middle]))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Rows as they come; the executor tests what other conditions there are. */
static TupleTableSlot *
next_slot(ScanState *node)
{
	Lookup	   *state = (Lookup *) node;

	if (!state->begun)
	{
		state->begun = true;
		state->group = find_group(state);
		state->next = state->group == NULL || state->time_clause == NULL ? 0 : find_first(state, state->group);
		MemoryContextReset(state->scratch);
	}
	if (state->group == NULL || state->next >= state->group->count)
		return ExecClearTuple(node->ss_ScanTupleSlot);
	return ExecStoreMinimalTuple(state->group->rows[state->next++], node->ss_ScanTupleSlot, false);
}

static bool
recheck(ScanState *node, TupleTableSlot *slot)
{
	return true;
}

static TupleTableSlot *
exec(CustomScanState *node)
{
	Lookup	   *state = (Lookup *) node;
	TupleTableSlot *slot;

	if (state->given)
		return NULL;
	state->given = true;
	if (!state->made && !state->too_large && state->asked)
		fill(state);
	state->asked = true;
	if (state->made)
		return ExecScan(&node->ss, next_slot, recheck);
	/* The second child gives what this node does, in a slot of its own. */
	slot = ExecProcNode(lsecond(node->custom_ps));
	if (TupIsNull(slot))
		return NULL;
	return ExecCopySlot(node->ss.ps.ps_ProjInfo != NULL ? node->ss.ps.ps_ResultTupleSlot : node->ss.ss_ScanTupleSlot, slot);
}

static void
rescan(CustomScanState *node)
{
	Lookup	   *state = (Lookup *) node;
	PlanState  *rows = linitial(node->custom_ps);
	PlanState  *found = lsecond(node->custom_ps);

	if (node->ss.ps.chgParam != NULL)
	{
		UpdateChangedParamSet(rows, node->ss.ps.chgParam);
		UpdateChangedParamSet(found, node->ss.ps.chgParam);
	}
	/* The rows that may be wanted are others now. */
	if (rows->chgParam != NULL)
	{
		forget(state);
		state->asked = state->too_large = false;
	}
	else if (!state->made)
		ExecReScan(rows);
	if (found->chgParam == NULL)
		ExecReScan(found);
	ExecScanReScan(&node->ss);
	state->begun = state->given = false;
}

static void
end(CustomScanState *node)
{
	Lookup	   *state = (Lookup *) node;

	foreach_ptr(PlanState, child, node->custom_ps)
		ExecEndNode(child);
	MemoryContextDelete(state->cxt);
	MemoryContextDelete(state->scratch);
}

static void
explain(CustomScanState *node, List *ancestors, ExplainState *es)
{
	Lookup	   *state = (Lookup *) node;

	if (es->analyze && state->asked)
		ExplainPropertyText("Found By", state->made ? "table in memory" : state->too_large ? "plan, table too large" : "plan", es);
}

const CustomScanMethods pge_asof_lookup_methods = {
	.CustomName = "AsofLookup",
	.CreateCustomScanState = create_state,
};

static const CustomExecMethods exec_methods = {
	.CustomName = "AsofLookup",
	.BeginCustomScan = begin,
	.ExecCustomScan = exec,
	.EndCustomScan = end,
	.ReScanCustomScan = rescan,
	.ExplainCustomScan = explain,
};
