/*
 * Executor: a subtree of a plan becomes a program for the engine. What may stand in such a subtree is the planner's judgement
 * (planner/vectorize_judge.c); what else is met here is an internal error.
 *
 * Where row sources were, the subtree has Results without an input, whose plan_node_id is the source's number.
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "lower.h"

/* What each node begins with: kind, id, rows expected, number of raw columns. Their types follow. */
void
pge_lower_head(PgeLowering *lowering, PgePlanKind kind, Plan *plan, double rows, int nraw)
{
	pge_word(lowering, kind);
	pge_word(lowering, list_length(lowering->out->nodes));
	lowering->out->nodes = lappend(lowering->out->nodes, plan);
	lowering->out->kinds = lappend_int(lowering->out->kinds, kind);
	pge_word_double(lowering, rows);
	pge_word(lowering, nraw);
}

void
pge_lower_target_types(PgeLowering *lowering, const Plan *plan, Bitmapset *wanted)
{
	foreach_ptr(Expr, target, pge_wanted_targets(plan, wanted))
		pge_words_type_of(lowering, target);
}

/* What each node ends with: conditions, and the projection unless that is the raw columns as they are. */
void
pge_lower_tail(PgeLowering *lowering, List *conditions, List *projection, const PgeRawColumns *raw, int nraw)
{
	int			same = 0;

	pge_lower_expressions(lowering, conditions, raw);
	foreach_ptr(Node, expr, projection)
	{
		if (!IsA(expr, Var) || pge_raw_column(raw, expr) != same)
			break;
		same++;
	}
	if (same == nraw && same == list_length(projection))
		pge_word(lowering, -1);
	else
		pge_lower_expressions(lowering, projection, raw);
}

/* The tail of a node that has its child's columns and may leave out some. */
static void
lower_passing_tail(PgeLowering *lowering, Plan *plan, Bitmapset *wanted, Bitmapset *child_wanted)
{
	PgeRawColumns *raw = pge_raw_columns(OUTER_VAR, plan, child_wanted);
	List	   *projection = NIL;
	int			column = -1;

	while ((column = bms_next_member(wanted, column)) >= 0)
	{
		TargetEntry *target = list_nth_node(TargetEntry, plan->targetlist, column);

		projection = lappend(projection, makeVarFromTargetEntry(OUTER_VAR, target));
	}
	pge_lower_tail(lowering, NIL, projection, raw, bms_num_members(child_wanted));
}

static void
lower_scan(PgeLowering *lowering, SeqScan *scan, Bitmapset *wanted)
{
	Plan	   *plan = &scan->scan.plan;
	TupleDesc	columns = RelationGetDescr(ExecGetRangeTableRelation(lowering->estate, scan->scan.scanrelid));
	PgeRawColumns *raw = palloc0_object(PgeRawColumns);
	Bitmapset  *used;

	raw->varno = scan->scan.scanrelid;
	raw->outer = palloc_array(int, Max(columns->natts, 1));
	pge_lower_head(lowering, PgePlanKind_ColumnScan, plan, plan->plan_rows, columns->natts);
	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);

		pge_words_type(lowering, column->atttypid, column->atttypmod, column->attcollation);
		raw->outer[i] = i;
	}
	pge_word(lowering, list_length(lowering->out->scans));
	lowering->out->scans = lappend(lowering->out->scans, scan);
	used = pge_columns_used(NULL, pge_wanted_targets(plan, wanted), raw->varno);
	lowering->out->scan_columns = lappend(lowering->out->scan_columns, pge_columns_used(used, plan->qual, raw->varno));
	lowering->out->scan_orders = lappend(lowering->out->scan_orders, list_make2_int(lowering->scan_order, lowering->scan_decisive));
	lowering->scan_order = lowering->scan_decisive = 0;
	pge_lower_tail(lowering, plan->qual, pge_wanted_targets(plan, wanted), raw, columns->natts);
}

static void
lower_row_source(PgeLowering *lowering, Plan *plan, Bitmapset *wanted)
{
	Bitmapset  *all = pge_all_targets(plan);

	pge_lower_head(lowering, PgePlanKind_RowSource, plan, plan->plan_rows, bms_num_members(all));
	pge_lower_target_types(lowering, plan, all);
	pge_word(lowering, plan->plan_node_id);
	lower_passing_tail(lowering, plan, wanted, all);
}

/* Conditions and projection over a child, whose columns the node's Vars have as those of varno. */
static void
lower_projection(PgeLowering *lowering, Plan *plan, Plan *child, int varno, Bitmapset *wanted)
{
	List	   *projection = pge_wanted_targets(plan, wanted);
	Bitmapset  *child_wanted = pge_columns_used(pge_columns_used(NULL, projection, varno), plan->qual, varno);
	int			nraw = bms_num_members(child_wanted);

	pge_lower_head(lowering, PgePlanKind_Project, plan, plan->plan_rows, nraw);
	pge_lower_target_types(lowering, child, child_wanted);
	pge_lower_node(lowering, child, child_wanted);
	pge_lower_tail(lowering, plan->qual, projection, pge_raw_columns(varno, child, child_wanted), nraw);
}

/* What a join in a parallel plan hashes, where its processes compute a part of it each. */
static void
lower_shared_rows(PgeLowering *lowering, Plan *hash, Bitmapset *wanted)
{
	int			nraw = bms_num_members(wanted);

	pge_lower_head(lowering, PgePlanKind_SharedRows, hash, ((const Hash *) hash)->rows_total, nraw);
	pge_lower_target_types(lowering, outerPlan(hash), wanted);
	pge_word(lowering, lowering->out->nshares++);
	pge_lower_node(lowering, outerPlan(hash), wanted);
	lower_passing_tail(lowering, outerPlan(hash), wanted, wanted);
}

static PgeJoinKind
join_kind(JoinType type)
{
	switch (type)
	{
		case JOIN_INNER:
			return PgeJoinKind_Inner;
		case JOIN_LEFT:
			return PgeJoinKind_Left;
		case JOIN_FULL:
			return PgeJoinKind_Full;
		case JOIN_RIGHT:
			return PgeJoinKind_Right;
		case JOIN_SEMI:
			return PgeJoinKind_Semi;
		case JOIN_ANTI:
			return PgeJoinKind_Anti;
		case JOIN_RIGHT_ANTI:
			return PgeJoinKind_RightAnti;
		default:
			elog(ERROR, "unrecognized join type: %d", (int) type);
			return PgeJoinKind_Inner;
	}
}

bool
pge_join_is_turned(const Plan *plan)
{
	return IsA(plan, HashJoin) && ((const Join *) plan)->jointype == JOIN_SEMI && !innerPlan(plan)->parallel_aware &&
		pge_semi_join_is_turned(outerPlan(plan)->plan_rows, innerPlan(plan)->plan_rows);
}

static void
lower_hash_join(PgeLowering *lowering, HashJoin *join, Bitmapset *wanted)
{
	Plan	   *plan = &join->join.plan;
	bool		turned = pge_join_is_turned(plan);
	Plan	   *outer = outerPlan(plan);
	Plan	   *inner = outerPlan(innerPlan(plan));
	List	   *projection = pge_wanted_targets(plan, wanted);
	List	   *exprs = list_make4(projection, plan->qual, join->join.joinqual, join->hashclauses);
	Bitmapset  *outer_wanted = pge_columns_used(NULL, exprs, OUTER_VAR);
	Bitmapset  *inner_wanted = pge_columns_used(NULL, exprs, INNER_VAR);
	PgeRawColumns *outer_raw = pge_raw_columns(OUTER_VAR, outer, outer_wanted);
	PgeRawColumns *inner_raw = pge_raw_columns(INNER_VAR, inner, inner_wanted);
	PgeRawColumns *raw = palloc0_object(PgeRawColumns);
	int			nouter = bms_num_members(outer_wanted);
	int			ninner = bms_num_members(inner_wanted);

	raw->varno = OUTER_VAR;
	raw->outer = pge_column_map(outer, outer_wanted, turned ? ninner : 0);
	raw->inner = pge_column_map(inner, inner_wanted, turned ? 0 : nouter);
	pge_lower_head(lowering, PgePlanKind_HashJoin, plan, plan->plan_rows, nouter + ninner);
	pge_lower_target_types(lowering, turned ? inner : outer, turned ? inner_wanted : outer_wanted);
	pge_lower_target_types(lowering, turned ? outer : inner, turned ? outer_wanted : inner_wanted);
	pge_word(lowering, turned ? PgeJoinKind_RightSemi : join_kind(join->join.jointype));
	pge_word(lowering, list_length(join->hashclauses));
	foreach_node(OpExpr, clause, join->hashclauses)
	{
		Expr	   *left = linitial(clause->args);
		Expr	   *right = lsecond(clause->args);

		pge_lower_expression(lowering, turned ? right : left, turned ? inner_raw : outer_raw);
		pge_lower_expression(lowering, turned ? left : right, turned ? outer_raw : inner_raw);
		pge_words_equality(lowering, clause->opfuncid, clause->inputcollid);
	}
	pge_lower_expressions(lowering, join->join.joinqual, raw);
	pge_lower_node(lowering, turned ? inner : outer, turned ? inner_wanted : outer_wanted);
	if (innerPlan(plan)->parallel_aware)
		lower_shared_rows(lowering, innerPlan(plan), inner_wanted);
	else
		pge_lower_node(lowering, turned ? outer : inner, turned ? outer_wanted : inner_wanted);
	pge_lower_tail(lowering, plan->qual, projection, raw, nouter + ninner);
}

/* Wanted columns, and those beside them that the node itself looks at. */
static Bitmapset *
with_columns(const Bitmapset *wanted, int ncolumns, const AttrNumber *columns)
{
	Bitmapset  *all = bms_copy(wanted);

	for (int i = 0; i < ncolumns; i++)
		all = bms_add_member(all, columns[i] - 1);
	return all;
}

/* The column of the scan that a node is which its column is, or is rounded from. 0: it is no scan, or the column is computed otherwise. */
int
pge_scanned_column(Plan *scan, AttrNumber column)
{
	PgeRounding rounding;
	Expr	   *expr;

	if (scan == NULL || !IsA(scan, SeqScan) || column <= 0)
		return 0;
	expr = pge_target(scan, column - 1);
	if (pge_rounding((Node *) expr, &rounding))
		expr = &rounding.var->xpr;
	return IsA(expr, Var) && ((Var *) expr)->varattno > 0 ? ((Var *) expr)->varattno : 0;
}

/*
 * What a sort's key is of the scan below it, or below the aggregation whose key that is: the column's number, negative where the sort
 * descends, or 0. Who takes in rows in their order is left alone.
 */
int
pge_sorted_column(const Sort *sort, int key)
{
	Plan	   *child = outerPlan(&sort->plan);
	AttrNumber	column = sort->sortColIdx[key];
	Oid			family,
				type;
	int16		strategy;

	if (child != NULL && IsA(child, Agg) && !pge_wants_order((Node *) child->targetlist))
	{
		Expr	   *expr = pge_target(child, column - 1);

		column = IsA(expr, Var) ? ((Var *) expr)->varattno : 0;
		child = pge_aggregate_input((Agg *) child);
	}
	if (!get_ordering_op_properties(sort->sortOperators[key], &family, &type, &strategy))
		return 0;
	return strategy == BTGreaterStrategyNumber ? -pge_scanned_column(child, column) : pge_scanned_column(child, column);
}

static void
lower_sort(PgeLowering *lowering, Sort *sort, Bitmapset *wanted)
{
	Plan	   *plan = &sort->plan;
	Bitmapset  *child_wanted = with_columns(wanted, sort->numCols, sort->sortColIdx);
	int		   *columns = pge_column_map(plan, child_wanted, 0);

	pge_lower_head(lowering, PgePlanKind_Sort, plan, plan->plan_rows, bms_num_members(child_wanted));
	pge_lower_target_types(lowering, outerPlan(plan), child_wanted);
	pge_word(lowering, sort->numCols);
	for (int i = 0; i < sort->numCols; i++)
		pge_words_order(lowering, columns[sort->sortColIdx[i] - 1], sort->sortOperators[i], sort->collations[i], sort->nullsFirst[i]);
	/* Who wants the first row of each series alone finds it soonest by what comes after the series. */
	lowering->scan_order = pge_sorted_column(sort, sort->numCols > lowering->only_firsts ? lowering->only_firsts : 0);
	lowering->only_firsts = 0;
	pge_lower_node(lowering, outerPlan(plan), child_wanted);
	lowering->scan_order = 0;
	lower_passing_tail(lowering, plan, wanted, child_wanted);
}

static void
lower_limit_expression(PgeLowering *lowering, Node *expr)
{
	pge_word(lowering, expr != NULL);
	if (expr != NULL)
		pge_lower_expression(lowering, (Expr *) expr, NULL);
}

static void
lower_limit(PgeLowering *lowering, Limit *limit, Bitmapset *wanted)
{
	Plan	   *plan = &limit->plan;

	int			nties = limit->limitOption == LIMIT_OPTION_WITH_TIES ? limit->uniqNumCols : 0;
	Bitmapset  *child_wanted = with_columns(wanted, nties, limit->uniqColIdx);

	pge_lower_head(lowering, PgePlanKind_Limit, plan, plan->plan_rows, bms_num_members(child_wanted));
	pge_lower_target_types(lowering, outerPlan(plan), child_wanted);
	lower_limit_expression(lowering, limit->limitOffset);
	lower_limit_expression(lowering, limit->limitCount);
	pge_words_keys(lowering, pge_column_map(outerPlan(plan), child_wanted, 0), nties, limit->uniqColIdx, limit->uniqOperators,
				   limit->uniqCollations);
	pge_lower_node(lowering, outerPlan(plan), child_wanted);
	lower_passing_tail(lowering, plan, wanted, child_wanted);
}

static void
lower_unique(PgeLowering *lowering, Unique *unique, Bitmapset *wanted)
{
	Plan	   *plan = &unique->plan;
	Bitmapset  *child_wanted = with_columns(wanted, unique->numCols, unique->uniqColIdx);

	pge_lower_head(lowering, PgePlanKind_Unique, plan, plan->plan_rows, bms_num_members(child_wanted));
	pge_lower_target_types(lowering, outerPlan(plan), child_wanted);
	pge_words_keys(lowering, pge_column_map(outerPlan(plan), child_wanted, 0), unique->numCols, unique->uniqColIdx, unique->uniqOperators,
				   unique->uniqCollations);
	lowering->only_firsts = IsA(outerPlan(plan), Sort) ? unique->numCols : 0;
	pge_lower_node(lowering, outerPlan(plan), child_wanted);
	lower_passing_tail(lowering, plan, wanted, child_wanted);
}

static PgeSetCommand
set_command(SetOpCmd command)
{
	switch (command)
	{
		case SETOPCMD_INTERSECT:
			return PgeSetCommand_Intersect;
		case SETOPCMD_INTERSECT_ALL:
			return PgeSetCommand_IntersectAll;
		case SETOPCMD_EXCEPT:
			return PgeSetCommand_Except;
		case SETOPCMD_EXCEPT_ALL:
			return PgeSetCommand_ExceptAll;
	}
	elog(ERROR, "unrecognized set operation: %d", (int) command);
	return PgeSetCommand_Intersect;
}

/* The planner has put an aggregation below that counts: in place of the flag rows on the left, in one more column those on the right. */
static void
lower_set_operation(PgeLowering *lowering, SetOp *operation, Bitmapset *wanted)
{
	Plan	   *plan = &operation->plan;
	Plan	   *counted = outerPlan(plan);
	List	   *projection = pge_wanted_targets(plan, wanted);
	AttrNumber	counts[] = {operation->flagColIdx, list_length(counted->targetlist)};
	Bitmapset  *child_wanted = with_columns(wanted, lengthof(counts), counts);
	PgeRawColumns *raw = pge_raw_columns(OUTER_VAR, counted, child_wanted);
	int			nraw = bms_num_members(child_wanted);

	pge_lower_head(lowering, PgePlanKind_SetOperation, plan, plan->plan_rows, nraw);
	pge_lower_target_types(lowering, counted, child_wanted);
	pge_word(lowering, set_command(operation->cmd));
	for (int i = 0; i < lengthof(counts); i++)
		pge_word(lowering, raw->outer[counts[i] - 1]);
	pge_lower_node(lowering, counted, child_wanted);
	pge_lower_tail(lowering, NIL, projection, raw, nraw);
}

static void
lower_append(PgeLowering *lowering, Append *append, Bitmapset *wanted)
{
	Plan	   *plan = &append->plan;

	pge_lower_head(lowering, PgePlanKind_Append, plan, plan->plan_rows, bms_num_members(wanted));
	pge_lower_target_types(lowering, plan, wanted);
	pge_word(lowering, list_length(append->appendplans));
	foreach_ptr(Plan, child, append->appendplans)
		pge_lower_node(lowering, child, wanted);
	lower_passing_tail(lowering, plan, wanted, wanted);
}

void
pge_lower_node(PgeLowering *lowering, Plan *plan, Bitmapset *wanted)
{
	check_stack_depth();
	switch (nodeTag(plan))
	{
		case T_SeqScan:
			lower_scan(lowering, (SeqScan *) plan, wanted);
			break;
		case T_Result:
			if (outerPlan(plan) == NULL)
				lower_row_source(lowering, plan, wanted);
			else
				lower_projection(lowering, plan, outerPlan(plan), OUTER_VAR, wanted);
			break;
		case T_SubqueryScan:
			lower_projection(lowering, plan, ((SubqueryScan *) plan)->subplan, ((SubqueryScan *) plan)->scan.scanrelid, wanted);
			break;
		case T_Agg:
			pge_lower_aggregate(lowering, (Agg *) plan, wanted);
			break;
		case T_WindowAgg:
			pge_lower_window(lowering, (WindowAgg *) plan, wanted);
			break;
		case T_HashJoin:
			lower_hash_join(lowering, (HashJoin *) plan, wanted);
			break;
		case T_Sort:
		case T_IncrementalSort:
			lower_sort(lowering, pge_as_sort(plan), wanted);
			break;
		case T_Unique:
			lower_unique(lowering, (Unique *) plan, wanted);
			break;
		case T_SetOp:
			lower_set_operation(lowering, (SetOp *) plan, wanted);
			break;
		case T_Limit:
			lower_limit(lowering, (Limit *) plan, wanted);
			break;
		case T_Append:
			lower_append(lowering, (Append *) plan, wanted);
			break;
		case T_Material:
			/* It saves its input's work or lets it be read twice; the nodes that stand above it here ask for neither. */
			pge_lower_node(lowering, outerPlan(plan), wanted);
			break;
		default:
			elog(ERROR, "unrecognized node type: %d", (int) nodeTag(plan));
	}
}

PgeLowered *
pge_lower(CustomScan *node, EState *estate)
{
	PgeLowering lowering = {.estate = estate,.nsources = list_length(node->custom_plans),.word_capacity = 256,.expr_capacity = 32};
	Plan	   *plan = linitial(node->custom_private);

	lowering.out = palloc0_object(PgeLowered);
	lowering.out->words = palloc_array(i64, lowering.word_capacity);
	lowering.out->exprs = palloc_array(PgeLoweredExpr, lowering.expr_capacity);
	pge_lower_node(&lowering, plan, pge_all_targets(plan));
	return lowering.out;
}
