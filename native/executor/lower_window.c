/*
 * Executor, lowering: window functions. The raw columns are the child's wanted ones, then the functions' results.
 */
#include "postgres.h"

#include "access/transam.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "utils/lsyscache.h"

#include "lower.h"

/* Of a run condition: its Vars are the node's own columns. */
static Node *
put_targets(Node *node, void *context)
{
	if (node != NULL && IsA(node, Var))
		return (Node *) pge_target(context, ((Var *) node)->varattno - 1);
	return expression_tree_mutator(node, put_targets, context);
}

/*
 * What PostgreSQL tests after it has computed a row, to see whether more will be asked for. As conditions only of the topmost window: rows
 * that fail below it, and those after them, fail a condition of that one's.
 */
static List *
run_conditions(const WindowAgg *window)
{
	List	   *conditions = NIL;

	if (!window->topWindow)
		return NIL;
	foreach_ptr(Node, condition, window->runCondition)
		conditions = lappend(conditions, put_targets(condition, (void *) &window->plan));
	return conditions;
}

static bool
collect_functions(Node *node, void *context)
{
	List	  **functions = context;

	if (node == NULL)
		return false;
	if (IsA(node, WindowFunc))
	{
		*functions = list_append_unique(*functions, node);
		return false;
	}
	return expression_tree_walker(node, collect_functions, context);
}

static PgeFrameBound
frame_bound(int options, int unbounded, int current, int preceding)
{
	if (options & unbounded)
		return PgeFrameBound_Unbounded;
	if (options & current)
		return PgeFrameBound_CurrentRow;
	return options & preceding ? PgeFrameBound_Preceding : PgeFrameBound_Following;
}

static void
lower_frame(PgeLowering *lowering, const WindowAgg *window, const PgeRawColumns *raw)
{
	int			options = window->frameOptions;
	bool		is_range = (options & FRAMEOPTION_RANGE) != 0;

	pge_word(lowering, is_range ? PgeFrameMode_Range : options & FRAMEOPTION_GROUPS ? PgeFrameMode_Groups : PgeFrameMode_Rows);
	pge_word(lowering, frame_bound(options, FRAMEOPTION_START_UNBOUNDED_PRECEDING, FRAMEOPTION_START_CURRENT_ROW,
								   FRAMEOPTION_START_OFFSET_PRECEDING));
	pge_word(lowering, frame_bound(options, FRAMEOPTION_END_UNBOUNDED_FOLLOWING, FRAMEOPTION_END_CURRENT_ROW,
								   FRAMEOPTION_END_OFFSET_PRECEDING));
	if (options & FRAMEOPTION_START_OFFSET)
		pge_lower_expression(lowering, (Expr *) window->startOffset, NULL);
	if (options & FRAMEOPTION_END_OFFSET)
		pge_lower_expression(lowering, (Expr *) window->endOffset, NULL);
	if (!is_range || (options & (FRAMEOPTION_START_OFFSET | FRAMEOPTION_END_OFFSET)) == 0)
		return;
	pge_word(lowering, raw->outer[window->ordColIdx[0] - 1]);
	pge_word(lowering, window->startInRangeFunc);
	pge_word(lowering, window->endInRangeFunc);
	pge_word(lowering, window->inRangeColl);
	pge_word(lowering, window->inRangeAsc);
	pge_word(lowering, window->inRangeNullsFirst);
}

static void
lower_function(PgeLowering *lowering, WindowFunc *function, const PgeRawColumns *raw)
{
	pge_word(lowering, function->winagg);
	pge_word(lowering, function->winfnoid);
	if (!function->winagg)
	{
		pge_words_type_of(lowering, function);
		pge_lower_expressions(lowering, function->args, raw);
		return;
	}
	pge_word_collation(lowering, function->winfnoid < FirstUnpinnedObjectId, function->inputcollid);
	pge_words_type_of(lowering, function);
	pge_word(lowering, PgeDistinct_None);
	pge_lower_expressions(lowering, function->args, raw);
	pge_word(lowering, function->aggfilter != NULL);
	if (function->aggfilter != NULL)
		pge_lower_expression(lowering, function->aggfilter, raw);
	/* It is no Aggref, no ordered-set aggregate, and has neither an order of its own nor direct arguments. */
	pge_word(lowering, -1);
	pge_word(lowering, -1);
	for (int i = 0; i < 4; i++)
		pge_word(lowering, 0);
}

void
pge_lower_window(PgeLowering *lowering, WindowAgg *window, Bitmapset *wanted)
{
	Plan	   *plan = &window->plan;
	Plan	   *child = outerPlan(plan);
	List	   *projection = pge_wanted_targets(plan, wanted);
	List	   *stops = run_conditions(window);
	List	   *conditions = list_concat(list_copy(stops), plan->qual);
	List	   *functions = NIL;
	Bitmapset  *child_wanted;
	PgeRawColumns *child_raw;
	PgeRawColumns *raw;
	int			nchild;

	collect_functions((Node *) projection, &functions);
	collect_functions((Node *) conditions, &functions);
	child_wanted = pge_columns_used(NULL, list_make2(projection, conditions), OUTER_VAR);
	for (int i = 0; i < window->partNumCols; i++)
		child_wanted = bms_add_member(child_wanted, window->partColIdx[i] - 1);
	for (int i = 0; i < window->ordNumCols; i++)
		child_wanted = bms_add_member(child_wanted, window->ordColIdx[i] - 1);
	nchild = bms_num_members(child_wanted);
	child_raw = pge_raw_columns(OUTER_VAR, child, child_wanted);
	raw = pge_raw_columns(OUTER_VAR, child, child_wanted);
	raw->functions = functions;
	raw->first_function = nchild;

	pge_lower_head(lowering, PgePlanKind_Window, plan, plan->plan_rows, nchild + list_length(functions));
	pge_lower_target_types(lowering, child, child_wanted);
	foreach_ptr(WindowFunc, function, functions)
		pge_words_type_of(lowering, function);

	pge_word(lowering, nchild);
	pge_words_keys(lowering, child_raw->outer, window->partNumCols, window->partColIdx, window->partOperators, window->partCollations);
	pge_words_keys(lowering, child_raw->outer, window->ordNumCols, window->ordColIdx, window->ordOperators, window->ordCollations);
	lower_frame(lowering, window, child_raw);
	pge_word(lowering, list_length(functions));
	foreach_ptr(WindowFunc, function, functions)
		lower_function(lowering, function, child_raw);
	pge_lower_expressions(lowering, stops, raw);
	pge_lower_node(lowering, child, child_wanted);
	pge_lower_tail(lowering, conditions, projection, raw, nchild + list_length(functions));
}
