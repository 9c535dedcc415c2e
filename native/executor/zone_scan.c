/*
 * Executor: sequential scans of column tables that leave out what zone maps rule out.
 *
 * A scan's descriptor is made when its node first runs (or when a parallel plan is set up), so the node's first call passes by here and
 * hands the descriptor its filter; after that nothing of ours is in the way. Rescans go to the descriptor, which asks for new tests.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "executor/executor.h"
#include "lib/ilist.h"
#include "utils/memutils.h"

#include "zones.h"

typedef struct ZoneScan
{
	PgeScanFilter *filter;
	PlanState  *node;
	ExecProcNodeMtd run;		/* the node's own function */
	bool		waiting;		/* in the list */
	dlist_node	link;
	MemoryContextCallback on_reset;
} ZoneScan;

/* Those whose node has not run yet, of all running statements. */
static dlist_head waiting = DLIST_STATIC_INIT(waiting);

static void
stop_waiting(void *arg)
{
	ZoneScan   *scan = arg;

	if (scan->waiting)
		dlist_delete(&scan->link);
	scan->waiting = false;
}

static TupleTableSlot *
first_call(PlanState *node)
{
	ScanState  *state = (ScanState *) node;
	dlist_iter	iter;

	dlist_foreach(iter, &waiting)
	{
		ZoneScan   *scan = dlist_container(ZoneScan, link, iter.cur);

		if (scan->node != node)
			continue;
		stop_waiting(scan);
		ExecSetExecProcNode(node, scan->run);
		/* As the node would do it now. */
		if (state->ss_currentScanDesc == NULL)
			state->ss_currentScanDesc = table_beginscan(state->ss_currentRelation, node->state->es_snapshot, 0, NULL);
		pge_scan_set_filter(state->ss_currentScanDesc, scan->filter);
		return scan->run(node);
	}
	elog(ERROR, "a scan of a column table lost its filter");
	return NULL;
}

/* Let the scan skip what its conditions rule out. */
void
pge_zone_scan(SeqScanState *node)
{
	MemoryContext cxt = node->ss.ps.state->es_query_cxt;
	MemoryContext old = MemoryContextSwitchTo(cxt);
	PgeScanFilter *filter = pge_zone_filter((Scan *) node->ss.ps.plan, node->ss.ps.state, node->ss.ps.ps_ExprContext);

	if (filter != NULL)
	{
		ZoneScan   *scan = palloc0(sizeof(ZoneScan));

		scan->filter = filter;
		scan->node = &node->ss.ps;
		scan->run = node->ss.ps.ExecProcNodeReal;
		scan->waiting = true;
		dlist_push_head(&waiting, &scan->link);
		scan->on_reset.func = stop_waiting;
		scan->on_reset.arg = scan;
		MemoryContextRegisterResetCallback(cxt, &scan->on_reset);
		ExecSetExecProcNode(&node->ss.ps, first_call);
	}
	MemoryContextSwitchTo(old);
}
