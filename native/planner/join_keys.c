/*
 * Planner: how many rows a join by several columns gives. PostgreSQL multiplies the selectivities of the columns as if they had nothing to
 * do with each other, unless a foreign key says that they go together; a join of two large tables then seems to give next to nothing,
 * and whatever comes after it runs row by row.
 *
 * Columns that equal all of a unique key (of an index, or what a subquery groups by) are taken to be a foreign key that references it:
 * there are as many combinations as rows with the key. That is what PostgreSQL supposes of a single column.
 */
#include "postgres.h"

#include "nodes/pathnodes.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/tlist.h"

#include "vectorize.h"

/* The column of the relation that the class says equals others, or NULL. */
static EquivalenceMember *
member_of(const EquivalenceClass *class, Index relid, AttrNumber column)
{
	foreach_node(EquivalenceMember, member, class->ec_members)
	{
		Expr	   *expr = member->em_expr;

		while (IsA(expr, RelabelType))
			expr = ((RelabelType *) expr)->arg;
		if (!member->em_is_child && IsA(expr, Var) && ((Var *) expr)->varno == relid &&
			(column == InvalidAttrNumber || ((Var *) expr)->varattno == column))
			return member;
	}
	return NULL;
}

static AttrNumber
column_of(const EquivalenceMember *member)
{
	Expr	   *expr = member->em_expr;

	while (IsA(expr, RelabelType))
		expr = ((RelabelType *) expr)->arg;
	return ((Var *) expr)->varattno;
}

/* Adds what is known if columns of the one relation equal the whole key of the other. */
static void
add_reference(PlannerInfo *root, const RelOptInfo *from, const RelOptInfo *to, const List *key)
{
	Bitmapset  *shared = bms_intersect(from->eclass_indexes, to->eclass_indexes);
	ForeignKeyOptInfo *reference = makeNode(ForeignKeyOptInfo);

	reference->con_relid = from->relid;
	reference->ref_relid = to->relid;
	foreach_int(column, key)
	{
		int			number = -1;
		int			i = reference->nkeys;

		while (reference->eclass[i] == NULL && (number = bms_next_member(shared, number)) >= 0)
		{
			EquivalenceClass *class = list_nth(root->eq_classes, number);
			EquivalenceMember *member = member_of(class, from->relid, InvalidAttrNumber);

			if (class->ec_has_volatile || member == NULL || member_of(class, to->relid, column) == NULL)
				continue;
			reference->eclass[i] = class;
			reference->fk_eclass_member[i] = member;
			reference->conkey[i] = column_of(member);
			reference->confkey[i] = column;
			reference->nmatched_ec++;
			reference->nconst_ec += class->ec_has_const;
		}
		if (reference->eclass[i] == NULL)
			return;
		reference->nkeys++;
	}
	root->fkey_list = lappend(root->fkey_list, reference);
}

static List *
index_key(const IndexOptInfo *index)
{
	List	   *key = NIL;

	if (!index->unique || index->indpred != NIL || index->nkeycolumns < 2)
		return NIL;
	for (int i = 0; i < index->nkeycolumns; i++)
	{
		if (index->indexkeys[i] <= 0)
			return NIL;
		key = lappend_int(key, index->indexkeys[i]);
	}
	return key;
}

static List *
group_key(const Query *query)
{
	List	   *key = NIL;

	if (query->groupingSets != NIL || query->setOperations != NULL || list_length(query->groupClause) < 2 ||
		list_length(query->groupClause) > INDEX_MAX_KEYS)
		return NIL;
	foreach_node(SortGroupClause, group, query->groupClause)
	{
		const TargetEntry *target = get_sortgroupclause_tle(group, query->targetList);

		if (target->resjunk)
			return NIL;
		key = lappend_int(key, target->resno);
	}
	return key;
}

/* Keys of several columns. */
static List *
keys_of(const PlannerInfo *root, const RelOptInfo *rel)
{
	const RangeTblEntry *rte = root->simple_rte_array[rel->relid];
	List	   *keys = NIL;

	if (rte->rtekind == RTE_SUBQUERY)
		return list_make1(group_key(rte->subquery));
	foreach_node(IndexOptInfo, index, rel->indexlist)
		keys = lappend(keys, index_key(index));
	return keys;
}

/* Called once, when the query's conditions have been taken apart and before relations are joined. */
void
pge_find_join_keys(PlannerInfo *root)
{
	for (int to = 1; to < root->simple_rel_array_size; to++)
	{
		const RelOptInfo *referenced = root->simple_rel_array[to];

		if (referenced == NULL || referenced->reloptkind != RELOPT_BASEREL)
			continue;
		foreach_ptr(List, key, keys_of(root, referenced))
		{
			for (int from = 1; from < root->simple_rel_array_size; from++)
			{
				const RelOptInfo *rel = root->simple_rel_array[from];

				if (key != NIL && rel != NULL && rel != referenced && rel->reloptkind == RELOPT_BASEREL)
					add_reference(root, rel, referenced, key);
			}
		}
	}
}

/*
 * At least how many rows of the relation a combination of values has in the columns that the index is asked by, or 0 if nothing is known.
 */
double
pge_rows_of_key(PlannerInfo *root, const IndexPath *path)
{
	double		rows = 0;

	if (path->path.param_info == NULL)
		return 0;
	foreach_node(ForeignKeyOptInfo, reference, root->fkey_list)
	{
		bool		covered = reference->con_relid == path->path.parent->relid &&
			bms_is_member(reference->ref_relid, path->path.param_info->ppi_req_outer);

		foreach_node(IndexClause, clause, path->indexclauses)
		{
			bool		found = false;

			for (int i = 0; i < reference->nkeys; i++)
				found |= path->indexinfo->indexkeys[clause->indexcol] == reference->conkey[i];
			covered &= found;
		}
		if (covered)
			rows = Max(rows, path->path.parent->tuples / Max(root->simple_rel_array[reference->ref_relid]->tuples, 1));
	}
	return rows;
}
