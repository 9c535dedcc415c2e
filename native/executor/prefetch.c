/*
 * Executor: no prefetching in bitmap scans of column tables. The executor asks the operating system for the blocks of the bitmap
 * ahead of the access method, but a column block is no block of the file, and asking for it is an error.
 *
 * Plans that pass ExecutorStart have it switched off there. Rechecks after a lock run subplans that do not: where a statement may
 * need such a recheck, its subqueries are planned without bitmap scans of column tables.
 */
#include "postgres.h"

#include "access/table.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "optimizer/plancat.h"

#include "start.h"
#include "tableam/column.h"

static get_relation_info_hook_type next_get_relation_info = NULL;

void
pge_prefetch_off(BitmapHeapScanState *node)
{
	node->prefetch_maximum = 0;
}

/* Does the query, or one within it, lock or change rows that it found? */
static bool
may_recheck(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		Query	   *query = (Query *) node;

		return query->rowMarks != NIL || (query->commandType != CMD_SELECT && query->commandType != CMD_INSERT) ||
			query_tree_walker(query, may_recheck, context, 0);
	}
	return expression_tree_walker(node, may_recheck, context);
}

static void
relation_info(PlannerInfo *root, Oid relid, bool inhparent, RelOptInfo *info)
{
	PlannerInfo *top = root;
	Relation	rel;

	if (next_get_relation_info)
		next_get_relation_info(root, relid, inhparent, info);
	/* Relations of the statement's own level are not scanned by a recheck; it has their rows. */
	if (root->parent_root == NULL || info->indexlist == NIL)
		return;
	rel = table_open(relid, NoLock);
	if (pge_is_column_table(rel))
	{
		while (top->parent_root != NULL)
			top = top->parent_root;
		if (may_recheck((Node *) top->parse, NULL))
			foreach_node(IndexOptInfo, index, info->indexlist)
				index->amhasgetbitmap = false;
	}
	table_close(rel, NoLock);
}

void
pge_prefetch_init(void)
{
	next_get_relation_info = get_relation_info_hook;
	get_relation_info_hook = relation_info;
}
