/*
 * Executor: gives the rows of a nested loop's outer side as they come, and reads ahead of it, so that the inner side knows what it is going
 * to be run for and can do the work for several rows at once. Nothing depends on it: who knows nothing of coming rows does them one by one.
 *
 * Who wants few rows is not to pay for many: one is read first, then eight, and so on.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/ruleutils.h"

#include "look_ahead.h"

#define GROWTH		8
#define MAX_ROWS	512

typedef struct LookAhead
{
	CustomScanState css;
	PgeComing	coming;			/* of the rows in hand, those from the last one given on */
	AttrNumber	column;
	MemoryContext cxt;			/* of the rows in hand, and of their values */
	MinimalTuple *rows;
	u64		   *values;
	int			nrows;
	int			next;
	int			wish;			/* rows to read next */
	bool		done;			/* there are no more to be read */
	uint64		reads;
} LookAhead;

static const CustomExecMethods exec_methods;

static Node *
create_state(CustomScan *plan)
{
	LookAhead  *state = palloc0(sizeof(LookAhead));

	NodeSetTag(state, T_CustomScanState);
	state->css.methods = &exec_methods;
	state->css.slotOps = &TTSOpsMinimalTuple;
	return (Node *) state;
}

static void
start(LookAhead *state)
{
	/* Numbers of rows that were told of, and are not given, must not come again. */
	state->coming.first += state->nrows - state->next;
	MemoryContextReset(state->cxt);
	state->nrows = state->next = 0;
	state->wish = 1;
	state->done = false;
	state->coming.count = 0;
}

static void
begin(CustomScanState *node, EState *estate, int eflags)
{
	LookAhead  *state = (LookAhead *) node;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	ParamExecData *param = &estate->es_param_exec_vals[list_nth_int(plan->custom_private, PGE_LOOK_AHEAD_PARAM)];

	if (node->ss.ps.ps_ProjInfo != NULL || plan->scan.plan.qual != NIL)
		elog(ERROR, "a node that reads ahead must neither filter nor project");
	node->custom_ps = list_make1(ExecInitNode(linitial(plan->custom_plans), estate, eflags));
	state->column = list_nth_int(plan->custom_private, PGE_LOOK_AHEAD_COLUMN);
	state->cxt = AllocSetContextCreate(estate->es_query_cxt, "rows read ahead", ALLOCSET_DEFAULT_SIZES);
	state->rows = palloc_array(MinimalTuple, MAX_ROWS);
	state->values = palloc_array(u64, MAX_ROWS);
	start(state);
	param->execPlan = NULL;
	param->value = PointerGetDatum(&state->coming);
	param->isnull = false;
}

/* Rows go before memory does: half of what a sort may take. The other half is for what the inner side makes of them. */
static bool
read_rows(LookAhead *state)
{
	PlanState  *child = linitial(state->css.custom_ps);
	Size		limit = (Size) work_mem * 1024 / 2;

	MemoryContextReset(state->cxt);
	state->nrows = state->next = 0;
	state->reads++;
	while (!state->done && state->nrows < state->wish &&
		   (state->nrows == 0 || MemoryContextMemAllocated(state->cxt, true) < limit))
	{
		TupleTableSlot *slot = ExecProcNode(child);
		MemoryContext old;
		Datum		value;
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		if (TupIsNull(slot))
		{
			state->done = true;
			break;
		}
		value = slot_getattr(slot, state->column, &isnull);
		old = MemoryContextSwitchTo(state->cxt);
		state->rows[state->nrows] = ExecCopySlotMinimalTuple(slot);
		state->values[state->nrows++] = isnull ? 0 : (u64) PG_DETOAST_DATUM_COPY(value);
		MemoryContextSwitchTo(old);
	}
	state->wish = Min(state->wish * GROWTH, MAX_ROWS);
	return state->nrows > 0;
}

static TupleTableSlot *
exec(CustomScanState *node)
{
	LookAhead  *state = (LookAhead *) node;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;

	ExecClearTuple(slot);
	if (state->next == state->nrows)
	{
		state->coming.count = 0;
		if (state->done || !read_rows(state))
			return slot;
	}
	state->coming.first++;
	state->coming.values = state->values + state->next;
	state->coming.count = state->nrows - state->next;
	return ExecStoreMinimalTuple(state->rows[state->next++], slot, false);
}

static void
rescan(CustomScanState *node)
{
	PlanState  *child = linitial(node->custom_ps);

	ExecClearTuple(node->ss.ss_ScanTupleSlot);
	start((LookAhead *) node);
	if (node->ss.ps.chgParam != NULL)
		UpdateChangedParamSet(child, node->ss.ps.chgParam);
	if (child->chgParam == NULL)
		ExecReScan(child);
}

static void
end(CustomScanState *node)
{
	ExecClearTuple(node->ss.ss_ScanTupleSlot);
	ExecEndNode(linitial(node->custom_ps));
	MemoryContextDelete(((LookAhead *) node)->cxt);
}

static void
explain(CustomScanState *node, List *ancestors, ExplainState *es)
{
	LookAhead  *state = (LookAhead *) node;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	List	   *context = set_deparse_context_plan(es->deparse_cxt, &plan->scan.plan, ancestors);
	TargetEntry *target = list_nth_node(TargetEntry, plan->custom_scan_tlist, state->column - 1);

	ExplainPropertyText("Look Ahead For", deparse_expression((Node *) target->expr, context, true, false), es);
	if (es->analyze)
		ExplainPropertyUInteger("Reads", NULL, state->reads, es);
}

const CustomScanMethods pge_look_ahead_methods = {
	.CustomName = "LookAhead",
	.CreateCustomScanState = create_state,
};

static const CustomExecMethods exec_methods = {
	.CustomName = "LookAhead",
	.BeginCustomScan = begin,
	.ExecCustomScan = exec,
	.EndCustomScan = end,
	.ReScanCustomScan = rescan,
	.ExplainCustomScan = explain,
};
