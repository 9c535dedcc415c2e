/*
 * Planner: what reading a column table costs. PostgreSQL reckons with pages and rows of a heap; here a scan decodes few columns, a batch at
 * a time, and a row fetched by its TID is decoded out of a vector for each of its columns.
 *
 * Shares were measured with TPC-H at scale 1: a scan's work a row is about a twentieth of heap's, one column a row more or less; a row by
 * TID takes 5 to 10 microseconds where cpu_tuple_cost stands for a tenth of one.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"
#include "utils/spccache.h"

#include "shim/pge.h"
#include "vectorize.h"

/* Of the processor's part of a scan's costs, as the engine runs it. */
#define SCAN_CPU_SHARE		0.1

/* Codes of vectors are read and computed with: a page of them takes as many pages of a scan. */
#define CODE_PAGE_COST		3.0

/*
 * A page of a cold group, in pages of a scan. One that is cached costs what a warm one does; to decode one that is not takes about 80 times
 * that of one core, and waiting for a slow link longer still. Which it is nobody knows when a plan is made that may be kept. Nor is it
 * known which groups conditions leave: as many as rows, since those that say when leave the newest, which are not cold. Else an index on
 * the time would be chosen for more rows than it is good for.
 */
#define COLD_PAGE_COST		20.0

/* To start the engine, or start it anew, with pages at 1. */
#define START_COST			20.0

/*
 * Parallel workers, in parallel_setup_cost. It takes 6 ms until a worker asks for its first group, and 3 until it is gone; of a scan a unit
 * of costs takes the engine about 0.8 microseconds, and PostgreSQL's executor ten times that and more.
 */
#define WORKERS_COST		11.0

/* A row fetched by TID, in cpu_tuple_costs: for itself, and for each column that is wanted. */
#define FETCH_COST			20.0
#define FETCH_COLUMN_COST	15.0

/* Rows by TID in order share what is decoded. */
#define BITMAP_SHARE		0.5

typedef struct Reading
{
	PlannerInfo *root;
	RelOptInfo *rel;
	bool		by_engine;		/* is it the engine that scans? */
	int			wanted;			/* columns that the query looks at */
	int			columns;
	Cost		page_cost;		/* a page of a sequential scan */
	double		cold_pages;		/* of the table's */
	double		share;			/* of pages, in a scan for the nearest vectors by their codes; 1: in others */
	bool		by_workers;		/* parallel workers scan so, too, each for the nearest of its rows */
} Reading;

static void
count_columns(Reading *reading)
{
	RelOptInfo *rel = reading->rel;
	Bitmapset  *tested = NULL;

	/* Those of conditions are not among the needed ones, unless somebody else needs them. */
	foreach_node(RestrictInfo, condition, rel->baserestrictinfo)
		pull_varattnos((Node *) condition->clause, rel->relid, &tested);
	for (int attribute = rel->min_attr; attribute <= rel->max_attr; attribute++)
	{
		bool		wanted = rel->attr_needed[attribute - rel->min_attr] != NULL ||
			bms_is_member(attribute - FirstLowInvalidHeapAttributeNumber, tested);

		/* Whole rows and system columns are not the engine's. */
		if (attribute <= 0)
		{
			reading->by_engine &= !wanted;
			continue;
		}
		reading->columns++;
		reading->wanted += wanted;
	}
	reading->wanted = Max(1, reading->wanted);
}

/* Pages cost by what is decoded of them, which processes share as they do the rest. */
static void
scan_cost(const Reading *reading, Path *path)
{
	Cost		pages = reading->page_cost * reading->rel->pages;
	Cost		cpu = Max(path->total_cost - path->startup_cost - pages, 0);
	double		left = Min(reading->rel->rows / Max(reading->rel->tuples, 1), 1);
	Cost		cold = reading->page_cost * reading->cold_pages * (COLD_PAGE_COST - 1) * left;
	double		share = path->parallel_workers > 0 ? Min(path->rows / Max(reading->rel->rows, 1), 1) : 1;

	if (path->parallel_workers == 0 || reading->by_workers)
		pages *= Min(reading->share * CODE_PAGE_COST, 1);
	path->startup_cost += START_COST;
	path->total_cost = path->startup_cost + share * (pages + cold) * reading->wanted / Max(reading->columns, 1) + cpu * SCAN_CPU_SHARE;
}

/* Rows that an index finds. */
static double
found_rows(const Reading *reading, const IndexPath *path)
{
	return clamp_row_est(Max(path->indexselectivity * reading->rel->tuples, pge_rows_of_key(reading->root, path)));
}

static Cost
fetch_cost(const Reading *reading, double rows)
{
	return rows * cpu_tuple_cost * (FETCH_COST + FETCH_COLUMN_COST * reading->wanted);
}

static void
adjust(const Reading *reading, Path *path)
{
	double		divisor = Max(path->parallel_workers, 1);

	if (path->pathtype == T_SeqScan)
	{
		if (reading->by_engine)
			scan_cost(reading, path);
	}
	else if (IsA(path, IndexPath))
		path->total_cost += fetch_cost(reading, found_rows(reading, (IndexPath *) path)) / divisor;
	else if (IsA(path, BitmapHeapPath))
	{
		Path	   *bitmap = ((BitmapHeapPath *) path)->bitmapqual;
		Cost		cost;
		Selectivity selectivity;
		double		rows;

		cost_bitmap_tree_node(bitmap, &cost, &selectivity);
		rows = clamp_row_est(selectivity * reading->rel->tuples);
		if (IsA(bitmap, IndexPath))
			rows = found_rows(reading, (IndexPath *) bitmap);
		path->total_cost += BITMAP_SHARE * fetch_cost(reading, rows) / divisor;
	}
}

/* What parallel_setup_cost comes to where the engine is at work. */
Cost
pge_setup_cost(Cost usual)
{
	return usual * WORKERS_COST;
}

/* Those that the planner was told of and that are not the table's own (column_estimate_size). */
static double
cold_pages(const RelOptInfo *rel, Relation table)
{
	return Max((double) rel->pages - RelationGetNumberOfBlocks(table), 0);
}

/*
 * Paths of a column table's scan with the costs that they have; the sequential one may be the best now that was not before. by_engine: it
 * is the engine that runs that; has_codes: vectors of the table have codes.
 */
void
pge_column_costs(PlannerInfo *root, RelOptInfo *rel, Relation table, bool by_engine, bool has_codes)
{
	Reading		reading = {.root = root,.rel = rel,.by_engine = by_engine};
	List	   *paths = rel->pathlist;
	List	   *partial = rel->partial_pathlist;
	bool		sequential = false;
	ListCell   *cell;

	get_tablespace_page_costs(rel->reltablespace, NULL, &reading.page_cost);
	reading.share = by_engine && has_codes && !pge_vector_exact ? pge_nearest_share(root, rel, &reading.by_workers) : 1;
	reading.cold_pages = cold_pages(rel, table);
	count_columns(&reading);
	rel->pathlist = NIL;
	rel->partial_pathlist = NIL;
	foreach(cell, paths)
	{
		Path	   *path = lfirst(cell);

		sequential |= path->pathtype == T_SeqScan;
		adjust(&reading, path);
		add_path(rel, path);
	}
	if (reading.by_engine && !sequential)
	{
		Path	   *path = create_seqscan_path(root, rel, rel->lateral_relids, 0);

		adjust(&reading, path);
		add_path(rel, path);
	}
	if (by_engine && reading.cold_pages == 0 && pge_first_by_series(root, rel, table))
		partial = NIL;
	foreach(cell, partial)
	{
		adjust(&reading, lfirst(cell));
		add_partial_path(rel, lfirst(cell));
	}
}
