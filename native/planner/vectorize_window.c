/*
 * Planner: which windows the engine can run.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "shim/pge.h"
#include "vectorize.h"

/* Functions that look at a window, not at one row after the other. */
static bool
is_known(Oid function)
{
	switch (function)
	{
		case F_ROW_NUMBER:
		case F_RANK_:
		case F_DENSE_RANK_:
		case F_PERCENT_RANK_:
		case F_CUME_DIST_:
		case F_NTILE:
		case F_LAG_ANYELEMENT:
		case F_LAG_ANYELEMENT_INT4:
		case F_LAG_ANYCOMPATIBLE_INT4_ANYCOMPATIBLE:
		case F_LEAD_ANYELEMENT:
		case F_LEAD_ANYELEMENT_INT4:
		case F_LEAD_ANYCOMPATIBLE_INT4_ANYCOMPATIBLE:
		case F_FIRST_VALUE:
		case F_LAST_VALUE:
		case F_NTH_VALUE:
			return true;
		default:
			return false;
	}
}

static const char *
refused_function(const WindowFunc *function)
{
	const char *name = get_func_name(function->winfnoid);

	if (!function->winagg)
		return is_known(function->winfnoid) ? NULL : psprintf("the engine does not have window function %s", name);
	if (list_length(function->args) > 1)
		return psprintf("%s has several arguments", name);
	if (!pge_aggregate_support_of(function->winfnoid, AGGSPLIT_SIMPLE))
		return psprintf("the engine does not have aggregate %s", name);
	return NULL;
}

static bool
find_refused_function(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, WindowFunc))
	{
		*(const char **) context = refused_function((WindowFunc *) node);
		return *(const char **) context != NULL;
	}
	return expression_tree_walker(node, find_refused_function, context);
}

const char *
pge_refused_window(const WindowAgg *window)
{
	const char *reason = NULL;

	if (!pge_enable_vectorized_window)
		return "epiphany.enable_vectorized_window is off";
	if (window->frameOptions & FRAMEOPTION_EXCLUSION)
		return "its frame excludes rows";
	if (!find_refused_function((Node *) window->plan.targetlist, &reason))
		find_refused_function((Node *) window->plan.qual, &reason);
	return reason;
}
