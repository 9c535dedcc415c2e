/*
 * Planner: parallel hash joins that the engine does not do, where it is to do the join. Its processes share the rows of the inner side, but
 * each has a table of its own: none knows which inner rows the others have found no match for. So joins that keep such rows are not
 * shared.
 */
#include "postgres.h"

#include "optimizer/paths.h"

#include "vectorize.h"

/* Do the path's processes share a hash table of inner, for outer? */
static bool
is_shared(const Path *path, const RelOptInfo *outer, const RelOptInfo *inner)
{
	return path->pathtype == T_HashJoin && path->parallel_aware && ((const JoinPath *) path)->outerjoinpath->parent == outer &&
		((const JoinPath *) path)->innerjoinpath->parent == inner;
}

/* Called when PostgreSQL has made its paths for a join of outer with inner. */
void
pge_forgo_shared_joins(PlannerInfo *root, RelOptInfo *join, RelOptInfo *outer, RelOptInfo *inner, JoinType type, JoinPathExtraData *extra)
{
	bool		removed = false;

	if (type != JOIN_RIGHT && type != JOIN_RIGHT_ANTI && type != JOIN_FULL)
		return;
	foreach_ptr(Path, path, join->partial_pathlist)
	{
		if (is_shared(path, outer, inner))
		{
			join->partial_pathlist = foreach_delete_current(join->partial_pathlist, path);
			removed = true;
		}
	}
	/* The same join with its sides exchanged may have been there, and dearer than what is gone. */
	if (removed && type != JOIN_FULL)
		add_paths_to_joinrel(root, join, inner, outer, type == JOIN_RIGHT ? JOIN_LEFT : JOIN_ANTI, extra->sjinfo, extra->restrictlist);
}
