/*
 * Planner: how full the buckets of a hash join are. PostgreSQL takes conditions to leave as large a part of a column's distinct values as
 * they leave of its rows. Where a value has many rows, most values keep one: of 15 million orders with four lines each, a two hundredth of
 * the lines has not 75,000 orders but nearly as many as it has lines. So hash tables over few rows of a large table look full of equal
 * keys, and the other side, fifty times as large, is hashed instead. Numbers of groups are estimated better (estimate_num_groups()); so are
 * they here.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "utils/selfuncs.h"

#include "vectorize.h"

/* By how much PostgreSQL's size of a bucket is too large; 1: it is not. */
static double
excess(PlannerInfo *root, Node *key)
{
	VariableStatData variable;
	bool		isdefault;
	double		result = 1;

	examine_variable(root, key, 0, &variable);
	if (variable.rel != NULL && variable.rel->tuples > 0 && variable.rel->rows < variable.rel->tuples)
	{
		double		values = get_variable_numdistinct(&variable, &isdefault);
		double		left = variable.rel->rows / variable.rel->tuples;

		/* Rows that are left are any; a value goes if all of its rows do. */
		if (!isdefault && values > 0)
			result = values * (1 - pow(1 - left, variable.rel->tuples / values)) / clamp_row_est(values * left);
	}
	ReleaseVariableStats(variable);
	return Max(result, 1);
}

/* Only what PostgreSQL has put there, and because values are few, not buckets: what was corrected is another number. */
static bool
correct(PlannerInfo *root, Node *key, Selectivity *bucketsize)
{
	/* PostgreSQL's own least one. */
	const Selectivity least = 1.0e-6;
	Selectivity most_common;
	Selectivity by_values;
	double		by;

	if (*bucketsize <= least)
		return false;
	estimate_hash_bucket_stats(root, key, DBL_MAX, &most_common, &by_values);
	if (*bucketsize != by_values)
		return false;
	by = excess(root, key);
	if (by <= 1.01)
		return false;
	*bucketsize = Max(*bucketsize / by, least);
	return true;
}

/*
 * Corrects what PostgreSQL has just reckoned with for a join of outer with inner, and has its paths made anew, for which this is called,
 * too; true: that was done.
 */
bool
pge_judge_buckets(PlannerInfo *root, RelOptInfo *join, RelOptInfo *outer, RelOptInfo *inner, JoinType type, JoinPathExtraData *extra)
{
	static bool again = false;
	bool		corrected = false;

	if (again || !enable_hashjoin)
		return false;
	foreach_node(RestrictInfo, clause, extra->restrictlist)
	{
		if (!clause->can_join || !OidIsValid(clause->hashjoinoperator))
			continue;
		if (bms_is_subset(clause->right_relids, inner->relids))
			corrected |= correct(root, get_rightop(clause->clause), &clause->right_bucketsize);
		else if (bms_is_subset(clause->left_relids, inner->relids))
			corrected |= correct(root, get_leftop(clause->clause), &clause->left_bucketsize);
	}
	if (!corrected)
		return false;
	PG_TRY();
	{
		again = true;
		add_paths_to_joinrel(root, join, outer, inner, type, extra->sjinfo, extra->restrictlist);
	}
	PG_FINALLY();
	{
		again = false;
	}
	PG_END_TRY();
	return true;
}
