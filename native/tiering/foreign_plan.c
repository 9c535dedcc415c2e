/*
 * Foreign tables over Parquet files: the wrapper's routine, and planning. A plan costs one list of the store's objects and one footer: how
 * many rows there are is known of the first file, and taken to be as many a byte in the others.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "foreign/foreign.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "foreign.h"
#include "object_store.h"
#include "tiering.h"

PG_FUNCTION_INFO_V1(pge_object_store_handler);

/* A request to a store, in the planner's units of which one is about 10 microseconds. */
#define REQUEST_COST	1000.0

typedef struct ForeignEstimate
{
	int			files;
	uint64		bytes;
	double		rows;
} ForeignEstimate;

PgeStore *
pge_foreign_store(Oid table, const char **path)
{
	ForeignTable *foreign = GetForeignTable(table);
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", table);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	*path = pge_object_store_option(foreign->options, "path");
	return pge_store_of(foreign->serverid, owner);
}

List *
pge_foreign_files(PgeStore *store, const char *path)
{
	List	   *files = pge_store_glob(store, path);

	if (files == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FILE),
				 errmsg("no file matches \"%s\"", pge_store_name(store, path))));
	return files;
}

static void
estimate_size(PlannerInfo *root, RelOptInfo *rel, Oid table)
{
	ForeignEstimate *estimate = palloc0(sizeof(ForeignEstimate));
	const char *path;
	PgeStore   *store = pge_foreign_store(table, &path);
	List	   *files = pge_foreign_files(store, path);
	PgeStoreEntry *first = linitial(files);
	PgeParquetInfo info;
	PgeParquetScan *scan = pge_parquet_open(store, first->key, first, &info);

	foreach_ptr(PgeStoreEntry, file, files)
		estimate->bytes += file->length;
	estimate->files = list_length(files);
	estimate->rows = info.Rows * ((double) estimate->bytes / Max(first->length, 1));
	pge_parquet_close(scan);
	rel->fdw_private = estimate;
	rel->pages = Max(1, estimate->bytes / BLCKSZ);
	rel->tuples = estimate->rows;
	set_baserel_size_estimates(root, rel);
}

/* Attributes that somebody above or a condition looks at; system columns are none of ours. */
static Bitmapset *
wanted_attributes(RelOptInfo *rel)
{
	Bitmapset  *wanted = NULL;

	pull_varattnos((Node *) rel->reltarget->exprs, rel->relid, &wanted);
	foreach_node(RestrictInfo, condition, rel->baserestrictinfo)
		pull_varattnos((Node *) condition->clause, rel->relid, &wanted);
	return wanted;
}

static void
add_paths(PlannerInfo *root, RelOptInfo *rel, Oid table)
{
	ForeignEstimate *estimate = rel->fdw_private;
	int			columns = bms_num_members(wanted_attributes(rel));
	double		share = Min(1, (double) Max(columns, 1) / Max(rel->max_attr, 1));
	Cost		startup = REQUEST_COST + rel->baserestrictcost.startup;
	Cost		cpu = cpu_tuple_cost + columns * cpu_operator_cost + rel->baserestrictcost.per_tuple;
	Cost		total = startup + estimate->files * REQUEST_COST + rel->pages * share * seq_page_cost + cpu * rel->tuples;

	add_path(rel, (Path *) create_foreignscan_path(root, rel, NULL, rel->rows, startup, total, NIL, rel->lateral_relids, NULL, NIL, NIL));
}

static ForeignScan *
make_plan(PlannerInfo *root, RelOptInfo *rel, Oid table, ForeignPath *path, List *tlist, List *clauses, Plan *outer)
{
	ForeignEstimate *estimate = rel->fdw_private;
	Bitmapset  *attributes = wanted_attributes(rel);
	List	   *wanted = NIL;
	int			member = -1;

	while ((member = bms_next_member(attributes, member)) >= 0)
		if (member + FirstLowInvalidHeapAttributeNumber >= 0)
			wanted = lappend_int(wanted, member + FirstLowInvalidHeapAttributeNumber);
	return make_foreignscan(tlist, extract_actual_clauses(clauses, false), rel->relid, NIL,
							list_make3(wanted, makeInteger(estimate->files), makeFloat(psprintf("%.0f", estimate->rows))), NIL, NIL, outer);
}

static List *
refuse_changes(PlannerInfo *root, ModifyTable *plan, Index relation, int subplan)
{
	RangeTblEntry *rte = planner_rt_fetch(relation, root);

	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot change foreign table \"%s\"", get_rel_name(rte->relid)),
			 errdetail("Parquet files are written as a whole and never changed."),
			 errhint("epiphany.export_parquet() writes a query's rows to a new file.")));
	return NIL;
}

Datum
pge_object_store_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

	routine->GetForeignRelSize = estimate_size;
	routine->GetForeignPaths = add_paths;
	routine->GetForeignPlan = make_plan;
	routine->BeginForeignScan = pge_foreign_begin;
	routine->IterateForeignScan = pge_foreign_next;
	routine->ReScanForeignScan = pge_foreign_rescan;
	routine->EndForeignScan = pge_foreign_end;
	routine->ExplainForeignScan = pge_foreign_explain;
	routine->PlanForeignModify = refuse_changes;
	routine->ImportForeignSchema = pge_foreign_import;
	PG_RETURN_POINTER(routine);
}
