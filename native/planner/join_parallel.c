/*
 * Planner: parallel hash joins that the engine does not do, or not well, where it is to do the join. Its processes share the rows of the
 * inner side, but each has a table of its own: none knows which inner rows the others have found no match for. So joins that keep such rows
 * are not shared. Nor are semi joins whose outer side is much the smaller: alone, a process keeps that side and has its keys tested where
 * the inner one is read; sharing, each would keep all inner rows. What is shared has its price: PostgreSQL reckons that a row is put into
 * the table once, and nowhere else.
 */
#include "postgres.h"

#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"

#include "executor/engine.h"
#include "vectorize.h"

/* A shared row is written, and read and put into a table by each process: in parallel_tuple_cost, like rows of a Gather. */
#define SHARED_ROW_COST		0.5

/* Do the path's processes share a hash table of inner, for outer? */
static bool
is_shared(const Path *path, const RelOptInfo *outer, const RelOptInfo *inner)
{
	return path->pathtype == T_HashJoin && path->parallel_aware && ((const JoinPath *) path)->outerjoinpath->parent == outer &&
		((const JoinPath *) path)->innerjoinpath->parent == inner;
}

static bool
forgoes(JoinType type, const RelOptInfo *outer, const RelOptInfo *inner)
{
	switch (type)
	{
		case JOIN_RIGHT:
		case JOIN_RIGHT_ANTI:
		case JOIN_FULL:
			return true;
		case JOIN_SEMI:
			return pge_semi_join_is_turned(outer->rows, inner->rows);
		default:
			return false;
	}
}

/* The join's paths once more, without shared ones. */
static void
add_others(PlannerInfo *root, RelOptInfo *join, RelOptInfo *outer, RelOptInfo *inner, JoinType type, JoinPathExtraData *extra)
{
	bool		parallel_hash = enable_parallel_hash;

	PG_TRY();
	{
		enable_parallel_hash = false;
		add_paths_to_joinrel(root, join, outer, inner, type, extra->sjinfo, extra->restrictlist);
	}
	PG_FINALLY();
	{
		enable_parallel_hash = parallel_hash;
	}
	PG_END_TRY();
}

/* Not those of unique rows, which are not shared, and come to the same sides once more. */
static void
raise_costs(RelOptInfo *join, const RelOptInfo *outer, const RelOptInfo *inner)
{
	List	   *paths = join->partial_pathlist;

	join->partial_pathlist = NIL;
	foreach_ptr(Path, path, paths)
	{
		Cost		more = is_shared(path, outer, inner) ? inner->rows * parallel_tuple_cost * SHARED_ROW_COST : 0;

		path->startup_cost += more;
		path->total_cost += more;
		add_partial_path(join, path);
	}
}

/* Called when PostgreSQL has made its paths for a join of outer with inner. */
void
pge_judge_shared_joins(PlannerInfo *root, RelOptInfo *join, RelOptInfo *outer, RelOptInfo *inner, JoinType type, JoinPathExtraData *extra)
{
	bool		removed = false;

	if (!forgoes(type, outer, inner))
	{
		if (type != JOIN_UNIQUE_INNER && type != JOIN_UNIQUE_OUTER)
			raise_costs(join, outer, inner);
		return;
	}
	foreach_ptr(Path, path, join->partial_pathlist)
	{
		if (is_shared(path, outer, inner))
		{
			join->partial_pathlist = foreach_delete_current(join->partial_pathlist, path);
			removed = true;
		}
	}
	if (!removed)
		return;
	/* What is gone may have been cheaper than others: than the join that is not shared, or than that with its sides exchanged. */
	if (type == JOIN_SEMI)
		add_others(root, join, outer, inner, type, extra);
	else if (type != JOIN_FULL)
		add_paths_to_joinrel(root, join, inner, outer, type == JOIN_RIGHT ? JOIN_LEFT : JOIN_ANTI, extra->sjinfo, extra->restrictlist);
}
