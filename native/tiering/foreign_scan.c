/*
 * Foreign tables over Parquet files: execution. Files are read one after another by key, of each the columns that are wanted, without row
 * groups and pages which conditions rule out by the file's own statistics. Rows come from batches of 1,024 that are decoded at a time: by
 * row, and the conditions are PostgreSQL's then, or by column to the engine (foreign_batch.c), whose they are.
 */
#include "postgres.h"

#include "commands/explain.h"
#include "executor/executor.h"
#include "nodes/pg_list.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "executor/zones.h"
#include "foreign.h"
#include "tiering.h"

typedef struct ForeignRead
{
	PgeStore   *store;
	const char *path;
	List	   *files;			/* PgeStoreEntry; NIL: not listed yet */
	int			next;			/* file */
	PgeParquetScan *scan;		/* NULL: none is open */
	MemoryContext file_cxt;		/* of the open file */
	TupleDesc	desc;			/* the table's, what is not wanted as dropped */
	AttrNumber *attributes;		/* of the node's columns, where it gives them as they are */
	PgeScanFilter *filter;		/* or NULL */
	PgeParquetCounts counts;	/* of files that are closed */
} ForeignRead;

/* For errors of the store's, which do not know whose object it is. */
static void
table_context(void *arg)
{
	errcontext("foreign table \"%s\"", RelationGetRelationName(((ForeignScanState *) arg)->ss.ss_currentRelation));
}

#define TABLE_CONTEXT(node) \
	ErrorContextCallback table_callback = {error_context_stack, table_context, (node)}; \
	error_context_stack = &table_callback
#define TABLE_CONTEXT_END() \
	error_context_stack = table_callback.previous

static TupleDesc
wanted_columns(TupleDesc desc, List *wanted)
{
	TupleDesc	copy = CreateTupleDescCopy(desc);

	for (int i = 0; i < copy->natts; i++)
		if (!list_member_int(wanted, 0) && !list_member_int(wanted, i + 1))
			TupleDescAttr(copy, i)->attisdropped = true;
	return copy;
}

void
pge_foreign_begin(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	Relation	table = node->ss.ss_currentRelation;
	Scan	   *conditions = palloc_object(Scan);
	ForeignRead *read;

	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;
	/* What the engine sees to is not the node's own any more. */
	*conditions = plan->scan;
	if (plan->fdw_exprs != NIL)
		conditions->plan.qual = plan->fdw_exprs;
	read = palloc0(sizeof(ForeignRead));
	read->store = pge_foreign_store(RelationGetRelid(table), &read->path);
	read->desc = wanted_columns(RelationGetDescr(table), list_nth(plan->fdw_private, PGE_FOREIGN_WANTED));
	read->filter = pge_zone_filter(conditions, node->ss.ps.state, node->ss.ps.ps_ExprContext);
	read->file_cxt = AllocSetContextCreate(CurrentMemoryContext, "Parquet file", ALLOCSET_DEFAULT_SIZES);
	node->fdw_state = read;
}

static void
add_counts(PgeParquetCounts *sum, const PgeParquetCounts *counts)
{
	sum->Groups += counts->Groups;
	sum->GroupsSkipped += counts->GroupsSkipped;
	sum->RowsSkipped += counts->RowsSkipped;
	sum->Bytes += counts->Bytes;
}

static void
close_file(ForeignRead *read)
{
	PgeParquetCounts counts;

	if (read->scan == NULL)
		return;
	counts = pge_parquet_counts(read->scan);
	add_counts(&read->counts, &counts);
	pge_parquet_close(read->scan);
	read->scan = NULL;
	MemoryContextReset(read->file_cxt);
}

/* The next file, if there is one. Conditions are asked for their values as late as that: a subquery's may not be there before. */
static bool
open_file(ForeignRead *read)
{
	MemoryContext old;
	PgeStoreEntry *file;
	PgeParquetInfo info;

	if (read->files == NIL)
	{
		old = MemoryContextSwitchTo(GetMemoryChunkContext(read));
		read->files = pge_foreign_files(read->store, read->path);
		MemoryContextSwitchTo(old);
	}
	if (read->next == list_length(read->files))
		return false;
	if (read->filter != NULL && !read->filter->ready)
		read->filter->prepare(read->filter);
	old = MemoryContextSwitchTo(read->file_cxt);
	file = list_nth(read->files, read->next++);
	read->scan = pge_parquet_open(read->store, file->key, file, &info);
	pge_parquet_bind(read->scan, read->desc, read->filter ? read->filter->tests : NULL, read->filter ? read->filter->ntests : 0);
	MemoryContextSwitchTo(old);
	return true;
}

TupleTableSlot *
pge_foreign_next(ForeignScanState *node)
{
	ForeignRead *read = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;

	TABLE_CONTEXT(node);
	ExecClearTuple(slot);
	while (read->scan != NULL || open_file(read))
	{
		if (pge_parquet_next(read->scan, slot))
			break;
		close_file(read);
	}
	TABLE_CONTEXT_END();
	return slot;
}

static AttrNumber *
attributes_of(const Plan *plan)
{
	AttrNumber *attributes = palloc_array(AttrNumber, list_length(plan->targetlist) + 1);

	foreach_node(TargetEntry, target, plan->targetlist)
		attributes[foreach_current_index(target)] = ((Var *) target->expr)->varattno;
	return attributes;
}

/* As pge_next_batch(). */
i32
pge_foreign_batch(ForeignScanState *node, u64 **values, u8 **nulls, i32 capacity)
{
	ForeignRead *read = node->fdw_state;
	Plan	   *plan = node->ss.ps.plan;
	MemoryContext result = CurrentMemoryContext;
	i32			rows = 0;

	TABLE_CONTEXT(node);
	if (read->attributes == NULL)
	{
		MemoryContextSwitchTo(GetMemoryChunkContext(read));
		read->attributes = attributes_of(plan);
	}
	for (;;)
	{
		MemoryContextSwitchTo(node->ss.ps.state->es_query_cxt);
		if (read->scan == NULL && !open_file(read))
			break;
		MemoryContextSwitchTo(result);
		rows = pge_parquet_batch(read->scan, read->attributes, list_length(plan->targetlist), values, nulls, capacity);
		if (rows > 0)
			break;
		close_file(read);
	}
	MemoryContextSwitchTo(result);
	TABLE_CONTEXT_END();
	return rows;
}

/* From the first file on, with conditions as they are then; the list of files is the first run's. */
void
pge_foreign_rescan(ForeignScanState *node)
{
	ForeignRead *read = node->fdw_state;

	close_file(read);
	read->next = 0;
	if (read->filter != NULL)
		read->filter->ready = false;
}

void
pge_foreign_end(ForeignScanState *node)
{
	if (node->fdw_state != NULL)
		close_file(node->fdw_state);
}

void
pge_foreign_explain(ForeignScanState *node, ExplainState *es)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	ForeignRead *read = node->fdw_state;
	PgeParquetCounts counts;

	ExplainPropertyInteger("Files", NULL, intVal(list_nth(plan->fdw_private, PGE_FOREIGN_FILES)), es);
	if (!es->analyze || read == NULL)
		return;
	counts = read->counts;
	if (read->scan != NULL)
	{
		PgeParquetCounts open = pge_parquet_counts(read->scan);

		add_counts(&counts, &open);
	}
	ExplainPropertyInteger("Row Groups Read", NULL, counts.Groups, es);
	ExplainPropertyInteger("Row Groups Skipped", NULL, counts.GroupsSkipped, es);
	ExplainPropertyInteger("Rows Skipped", NULL, counts.RowsSkipped, es);
	ExplainPropertyInteger("Bytes Read", NULL, counts.Bytes, es);
}
