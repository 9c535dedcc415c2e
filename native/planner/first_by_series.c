/*
 * Planner: the first rows by series, SELECT ... FROM t ORDER BY series, time LIMIT n. One process gets them by ranges of series and reads
 * few vectors (managed/Epiphany.Execution, "Sorted by ranges"). Parallel workers have row groups of their own, and go through all rows.
 */
#include "postgres.h"

#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"

#include "tableam/time_key.h"
#include "vectorize.h"

/* Few of the rows are wanted, right from the scan, and the first column of the series comes first. */
bool
pge_first_by_series(PlannerInfo *root, RelOptInfo *rel, Relation table)
{
	const Query *query = root->parse;
	PgeTimeKey	key;
	Node	   *first;

	/* limit_tuples says nothing where rows are not limited as they are. */
	if (query->sortClause == NIL || query->setOperations != NULL || query->hasTargetSRFs ||
		root->limit_tuples <= 0 || root->limit_tuples > rel->rows / 2 || !bms_equal(root->all_query_rels, rel->relids) ||
		!pge_time_key(table, &key) || key.nsegments == 0)
		return false;
	first = get_sortgroupclause_expr(linitial(query->sortClause), query->targetList);
	while (IsA(first, RelabelType))
		first = (Node *) ((RelabelType *) first)->arg;
	return IsA(first, Var) && ((Var *) first)->varattno == key.segments[0];
}
