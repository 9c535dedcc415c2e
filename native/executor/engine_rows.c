/*
 * Executor, the engine's host: rows. Sources are plan nodes that PostgreSQL runs; scans of column tables give units (column_units.c), of
 * which the delta's are rows of heap. Rows leave here by column, their by-reference values copied to memory of the batch.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "executor/tuptable.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "engine_state.h"
#include "shim/guard.h"
#include "shim/host.h"
#include "tableam/column_units.h"
#include "zones.h"

/* The nodes below, then subqueries, whose nodes the whole statement has. */
static void
begin_sources(PgeEngine *engine, EState *estate)
{
	List	   *nodes = list_copy(engine->css.custom_ps);

	engine->nsources = list_length(nodes);
	foreach_node(SubPlan, subquery, engine->lowered->subqueries)
		nodes = lappend(nodes, list_nth(estate->es_subplanstates, subquery->plan_id - 1));
	engine->sources = palloc0_array(PgeEngineSource, list_length(nodes));
	for (int i = 0; i < list_length(nodes); i++)
	{
		engine->sources[i].node = list_nth(nodes, i);
		engine->sources[i].is_subquery = i >= engine->nsources;
		engine->sources[i].gives_batches = !engine->sources[i].is_subquery && pge_gives_batches(engine->sources[i].node);
		engine->sources[i].values = GenerationContextCreate(engine->cxt, "engine source", ALLOCSET_DEFAULT_SIZES);
	}
}

void
pge_engine_begin_rows(PgeEngine *engine, int eflags)
{
	EState	   *estate = engine->css.ss.ps.state;

	engine->nscans = list_length(engine->lowered->scans);
	engine->scans = palloc0_array(PgeEngineScan, engine->nscans);
	for (int i = 0; i < engine->nscans; i++)
	{
		PgeEngineScan *scan = &engine->scans[i];

		scan->plan = list_nth_node(SeqScan, engine->lowered->scans, i);
		scan->columns = list_nth(engine->lowered->scan_columns, i);
		scan->orders = list_nth(engine->lowered->scan_orders, i);
		scan->rel = ExecOpenScanRelation(estate, scan->plan->scan.scanrelid, eflags);
		scan->filter = pge_zone_filter(&scan->plan->scan, estate, engine->css.ss.ps.ps_ExprContext);
		scan->slot = ExecInitExtraTupleSlot(estate, RelationGetDescr(scan->rel), &TTSOpsBufferHeapTuple);
		scan->values = GenerationContextCreate(engine->cxt, "engine delta", ALLOCSET_DEFAULT_SIZES);
	}
	begin_sources(engine, estate);
}

/* The sources' nodes have been told. */
void
pge_engine_rescan_rows(PgeEngine *engine)
{
	for (int i = 0; i < engine->nscans; i++)
		if (engine->scans[i].desc != NULL)
		{
			ExecClearTuple(engine->scans[i].slot);
			engine->scans[i].row_waits = false;
			table_rescan(engine->scans[i].desc, NULL);
		}
	for (int i = 0; i < engine->nsources; i++)
		engine->sources[i].done = false;
}

void
pge_engine_end_rows(PgeEngine *engine)
{
	for (int i = 0; i < engine->nscans; i++)
		if (engine->scans[i].desc != NULL)
		{
			ExecClearTuple(engine->scans[i].slot);
			table_endscan(engine->scans[i].desc);
			engine->scans[i].desc = NULL;
		}
}

/* ---- rows into columns ---- */

/* The last column that is wanted, from 1; 0: none is. */
static int
last_wanted(TupleDesc desc, u64 **values)
{
	int			last = desc->natts;

	while (last > 0 && values[last - 1] == NULL)
		last--;
	return last;
}

/* A row's wanted columns, the last of them given, as row number "row" of the arrays. */
static inline void
take_row(TupleTableSlot *slot, TupleDesc desc, int last, u64 **values, u8 **nulls, int row)
{
	slot_getsomeattrs(slot, last);
	for (int i = 0; i < last; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (values[i] == NULL)
			continue;
		nulls[i][row] = slot->tts_isnull[i];
		values[i][row] = slot->tts_isnull[i] ? 0 : pge_engine_lane(slot->tts_values[i], att->attbyval, att->attlen);
	}
}

static i32
source_rows(PgeEngineSource *source, EState *estate, u64 **values, u8 **nulls, i32 capacity)
{
	TupleDesc	desc = ExecGetResultType(source->node);
	int			last = source->is_subquery ? 1 : last_wanted(desc, values);
	i32			rows = 0;
	ScanDirection direction = estate->es_direction;

	MemoryContextReset(source->values);
	if (source->gives_batches)
	{
		if (!source->done)
		{
			MemoryContextSwitchTo(source->values);
			rows = pge_next_batch(source->node, values, nulls, capacity);
			source->done = rows == 0;
		}
		return rows;
	}
	if (source->is_subquery)
	{
		/* It may have been run for another expression. All of its rows are asked for, once; of junk behind the column nobody knows. */
		estate->es_direction = ForwardScanDirection;
		if (!source->begun)
			ExecReScan(source->node);
		source->begun = true;
	}
	while (rows < capacity && !source->done)
	{
		TupleTableSlot *slot;

		MemoryContextSwitchTo(estate->es_query_cxt);
		slot = ExecProcNode(source->node);
		if (TupIsNull(slot))
			source->done = true;
		else
		{
			MemoryContextSwitchTo(source->values);
			take_row(slot, desc, last, values, nulls, rows++);
		}
	}
	estate->es_direction = direction;
	return rows;
}

PgeStatus
pge_host_source_rows(ptr host, i32 number, u64 **values, u8 **nulls, i32 capacity, i32 *rows)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;
	MemoryContext old = CurrentMemoryContext;

	*rows = source_rows(&engine->sources[number], engine->css.ss.ps.state, values, nulls, capacity);
	MemoryContextSwitchTo(old);
	PGE_GUARD_END;
}

/* ---- scans ---- */

static void
begin_scan(PgeEngine *engine, PgeEngineScan *scan)
{
	MemoryContext old = MemoryContextSwitchTo(engine->cxt);

	if (scan->shared != NULL)
		scan->desc = table_beginscan_parallel(scan->rel, scan->shared);
	else
		scan->desc = table_beginscan(scan->rel, engine->css.ss.ps.state->es_snapshot, 0, NULL);
	if (scan->filter != NULL)
		pge_scan_set_filter(scan->desc, scan->filter);
	pge_scan_set_columns(scan->desc, scan->columns);
	foreach_int(order, scan->orders)
	{
		if (order != 0 && pge_units_order(scan->desc, (AttrNumber) abs(order), order < 0))
			break;
	}
	MemoryContextSwitchTo(old);
}

/* On to the next group, or to a range of the delta that has rows: of most ranges there is nothing but pages of the directory's. */
static void
next_unit(PgeEngineScan *scan, PgeScanUnit *unit)
{
	i32			skipped = 0;

	do
	{
		pge_units_next(scan->desc, unit);
		skipped += unit->Skipped;
		scan->row_waits = unit->Kind == PgeUnitKind_Delta && pge_units_delta_row(scan->desc, scan->slot);
	} while (unit->Kind == PgeUnitKind_Delta && !scan->row_waits);
	unit->Skipped = skipped;
	scan->delta_done = unit->Kind != PgeUnitKind_Delta;
}

PgeStatus
pge_host_scan_next(ptr host, i32 number, PgeScanUnit *unit)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;
	PgeEngineScan *scan = &engine->scans[number];

	if (scan->desc == NULL)
		begin_scan(engine, scan);
	if (unit->Kind == PgeUnitKind_Delta)
		pge_units_skip_groups(scan->desc);
	next_unit(scan, unit);
	PGE_GUARD_END;
}

PgeStatus
pge_host_scan_go(ptr host, i32 scan, i32 number)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;

	pge_units_go(engine->scans[scan].desc, number);
	PGE_GUARD_END;
}

static i32
scan_rows(PgeEngineScan *scan, u64 **values, u8 **nulls, i32 capacity)
{
	TupleDesc	desc = RelationGetDescr(scan->rel);
	int			last = last_wanted(desc, values);
	MemoryContext old;
	i32			rows = 0;

	MemoryContextReset(scan->values);
	old = MemoryContextSwitchTo(scan->values);
	while (rows < capacity && !scan->delta_done)
	{
		CHECK_FOR_INTERRUPTS();
		if (scan->row_waits || pge_units_delta_row(scan->desc, scan->slot))
			take_row(scan->slot, desc, last, values, nulls, rows++);
		else
			scan->delta_done = true;
		scan->row_waits = false;
	}
	MemoryContextSwitchTo(old);
	return rows;
}

PgeStatus
pge_host_scan_rows(ptr host, i32 number, u64 **values, u8 **nulls, i32 capacity, i32 *rows)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;

	*rows = scan_rows(&engine->scans[number], values, nulls, capacity);
	PGE_GUARD_END;
}

/* The value lives as long as the session: PostgreSQL keeps those of columns added later. */
PgeStatus
pge_host_scan_missing(ptr host, i32 number, i32 column, u64 *value, u8 *null)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;
	TupleDesc	desc = RelationGetDescr(engine->scans[number].rel);
	Form_pg_attribute att = TupleDescAttr(desc, column);
	bool		isnull;
	Datum		datum = getmissingattr(desc, column + 1, &isnull);

	*null = isnull;
	*value = isnull ? 0 : att->attbyval ? pge_engine_lane(datum, true, att->attlen) : (u64) datum;
	PGE_GUARD_END;
}
