/*
 * Executor: which columns a scan of a column table is going to be asked for, so that no others are decoded. Without it a slot decodes
 * all columns up to the last one needed.
 *
 * A slot cannot tell who asks, so the answer must be complete: it is given only where all who read the scan's slot are known. These are
 * the node itself, if it projects (then nobody else sees the slot), and an aggregate, nested loop or hash join above a node that does
 * not: these always project. Whoever copies a slot gets all of it.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_am.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"

#include "start.h"
#include "tableam/column.h"

typedef struct Wanted
{
	int			varno;			/* of the variables that mean the scan's columns */
	Bitmapset  *columns;		/* from 0 */
	bool		all;
} Wanted;

static bool
collect(Node *node, void *context)
{
	Wanted	   *wanted = context;

	if (node == NULL)
		return false;
	if (IsA(node, Var) && ((Var *) node)->varno == wanted->varno)
	{
		AttrNumber	attribute = ((Var *) node)->varattno;

		if (attribute == InvalidAttrNumber)
			wanted->all = true;
		else if (attribute > 0)
			wanted->columns = bms_add_member(wanted->columns, attribute - 1);
		return false;
	}
	return expression_tree_walker(node, collect, context);
}

/* What the node itself evaluates over its slot, rechecks included. */
static void
collect_own(ScanState *node, Wanted *wanted)
{
	Plan	   *plan = node->ps.plan;

	wanted->varno = (int) ((Scan *) plan)->scanrelid;
	collect((Node *) plan->qual, wanted);
	if (node->ps.ps_ProjInfo != NULL)
		collect((Node *) plan->targetlist, wanted);
	if (IsA(plan, IndexScan))
	{
		/* A B-tree never asks for a recheck of what it found, and a point read should not decode the key that it was given. */
		if (((IndexScanState *) node)->iss_RelationDesc->rd_rel->relam != BTREE_AM_OID)
			collect((Node *) ((IndexScan *) plan)->indexqualorig, wanted);
		collect((Node *) ((IndexScan *) plan)->indexorderbyorig, wanted);
	}
	if (IsA(plan, BitmapHeapScan))
		collect((Node *) ((BitmapHeapScan *) plan)->bitmapqualorig, wanted);
}

/* What an aggregate evaluates over its input. */
static void
collect_aggregate(Agg *plan, Wanted *wanted)
{
	ListCell   *cell;

	wanted->varno = OUTER_VAR;
	collect((Node *) plan->plan.targetlist, wanted);
	collect((Node *) plan->plan.qual, wanted);
	for (int i = 0; i < plan->numCols; i++)
		wanted->columns = bms_add_member(wanted->columns, plan->grpColIdx[i] - 1);
	foreach(cell, plan->chain)
		collect_aggregate(lfirst_node(Agg, cell), wanted);
}

/* What a join evaluates over its outer (varno OUTER_VAR) or inner input. */
static void
collect_join(Join *plan, int varno, Wanted *wanted)
{
	wanted->varno = varno;
	collect((Node *) plan->plan.targetlist, wanted);
	collect((Node *) plan->plan.qual, wanted);
	collect((Node *) plan->joinqual, wanted);
	if (IsA(plan, NestLoop))
	{
		foreach_node(NestLoopParam, parameter, ((NestLoop *) plan)->nestParams)
			collect((Node *) parameter->paramval, wanted);
	}
	if (IsA(plan, HashJoin))
	{
		collect((Node *) ((HashJoin *) plan)->hashclauses, wanted);
		collect((Node *) ((HashJoin *) plan)->hashkeys, wanted);
	}
}

/* Adds the columns, from 0, of an input that its parent looks at, if that is a node that never hands on the input's rows as they are. */
bool
pge_input_columns(Plan *parent, const Plan *input, Bitmapset **columns)
{
	Wanted		wanted = {.columns = *columns};

	/* A subquery in the parent's expressions is no input of it. */
	if (outerPlan(parent) != input && innerPlan(parent) != input)
		return false;
	switch (nodeTag(parent))
	{
		case T_Agg:
			collect_aggregate((Agg *) parent, &wanted);
			break;
		case T_NestLoop:
		case T_HashJoin:
			collect_join((Join *) parent, outerPlan(parent) == input ? OUTER_VAR : INNER_VAR, &wanted);
			break;
		default:
			return false;
	}
	*columns = wanted.columns;
	return !wanted.all;
}

/* A scan whose columns have not been looked for yet. */
typedef struct Asker
{
	PgeWanted	base;
	ScanState  *node;
	PlanState  *parent;
} Asker;

static const Bitmapset *
ask(PgeWanted *self)
{
	Asker	   *asker = (Asker *) self;
	ScanState  *node = asker->node;
	MemoryContext old = MemoryContextSwitchTo(node->ps.state->es_query_cxt);
	Wanted		wanted = {0};

	collect_own(node, &wanted);
	/* Without a projection the parent's input has the table's columns. */
	if (node->ps.ps_ProjInfo == NULL && (asker->parent == NULL || !pge_input_columns(asker->parent->plan, node->ps.plan, &wanted.columns)))
		wanted.all = true;
	/* The empty set looks like all columns: any one will do in its place. */
	if (wanted.columns == NULL)
		wanted.columns = bms_make_singleton(0);
	MemoryContextSwitchTo(old);
	return wanted.all ? NULL : wanted.columns;
}

/* Most statements find delta rows only and never ask: looking is left for when somebody does. */
void
pge_want_columns(ScanState *node, PlanState *parent)
{
	Asker	   *asker = MemoryContextAlloc(node->ps.state->es_query_cxt, sizeof(Asker));

	*asker = (Asker) {.base.ask = ask,.node = node,.parent = parent};
	pge_slot_want(node->ss_ScanTupleSlot, &asker->base);
}
