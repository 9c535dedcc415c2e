/*
 * Planner: hash joins in place of nested loops that run over all inner rows for each outer row, and of merge joins, where the engine scans
 * a large table for the join.
 *
 * Such loops look cheapest where one row is expected on one side. A hash join then costs the engine next to nothing more, and bears many
 * rows. Merge joins the engine does not have. Where no clause can be hashed, both stay.
 */
#include "postgres.h"

#include "optimizer/cost.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"

#include "vectorize.h"

static bool planning_again = false;

/* Does a clause let outer and inner rows be matched by hashes? */
static bool
can_hash(const RelOptInfo *join, const RelOptInfo *outer, const RelOptInfo *inner, JoinType type, const List *clauses)
{
	foreach_node(RestrictInfo, clause, clauses)
	{
		if (!clause->can_join || !OidIsValid(clause->hashjoinoperator) ||
			(IS_OUTER_JOIN(type) && RINFO_IS_PUSHED_DOWN(clause, join->relids)))
			continue;
		if ((bms_is_subset(clause->left_relids, outer->relids) && bms_is_subset(clause->right_relids, inner->relids)) ||
			(bms_is_subset(clause->left_relids, inner->relids) && bms_is_subset(clause->right_relids, outer->relids)))
			return true;
	}
	return false;
}

/* Takes out loops over all rows of the inner side, and merge joins; true if there were some. */
static bool
remove_others(List **paths, const RelOptInfo *outer, const RelOptInfo *inner)
{
	int			before = list_length(*paths);

	foreach_ptr(Path, path, *paths)
	{
		const JoinPath *other = (const JoinPath *) path;

		if ((path->pathtype == T_NestLoop || path->pathtype == T_MergeJoin) &&
			other->outerjoinpath->parent == outer && other->innerjoinpath->parent == inner &&
			!bms_overlap(PATH_REQ_OUTER(other->innerjoinpath), outer->relids))
			*paths = foreach_delete_current(*paths, path);
	}
	return list_length(*paths) < before;
}

/*
 * The rows of a join of outer with inner are to be matched by hashes if they can be. Called when PostgreSQL has made its paths for that,
 * also where it does so for us: false says that it is such a call.
 */
bool
pge_prefer_hash_joins(PlannerInfo *root, RelOptInfo *join, RelOptInfo *outer, RelOptInfo *inner, JoinType type, JoinPathExtraData *extra)
{
	bool		nestloop = enable_nestloop;
	bool		mergejoin = enable_mergejoin;
	bool		removed;

	if (planning_again)
		return false;
	if (!enable_hashjoin || !can_hash(join, outer, inner, type, extra->restrictlist))
		return true;
	removed = remove_others(&join->pathlist, outer, inner);
	if (!remove_others(&join->partial_pathlist, outer, inner) && !removed)
		return true;
	/* A hash join that another was cheaper than is gone: once more, with the others at the price of what must not be. */
	PG_TRY();
	{
		planning_again = true;
		enable_nestloop = enable_mergejoin = false;
		add_paths_to_joinrel(root, join, outer, inner, type, extra->sjinfo, extra->restrictlist);
	}
	PG_FINALLY();
	{
		planning_again = false;
		enable_nestloop = nestloop;
		enable_mergejoin = mergejoin;
	}
	PG_END_TRY();
	return true;
}
