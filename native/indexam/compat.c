/*
 * pgvector's names: settings and demands that hnsw and ivfflat share.
 */
#include "postgres.h"

#include "access/relscan.h"
#include "catalog/pg_type_d.h"
#include "utils/guc_tables.h"

#include "compat.h"

/* Puts theirs in place of ours, which is kept. */
static void
use(const CompatMethod *method, int *kept)
{
	Assert(method->nsettings <= COMPAT_MAX_SETTINGS);
	for (int i = 0; i < method->nsettings; i++)
	{
		kept[i] = *method->settings[i].ours;
		*method->settings[i].ours = *method->settings[i].theirs;
	}
}

static void
restore(const CompatMethod *method, const int *kept)
{
	for (int i = 0; i < method->nsettings; i++)
		*method->settings[i].ours = kept[i];
}

void
pge_compat_estimate_cost(const CompatMethod *method, PlannerInfo *root, IndexPath *path, double loop_count, Cost *startup, Cost *total,
						 Selectivity *selectivity, double *correlation, double *pages)
{
	int			kept[COMPAT_MAX_SETTINGS];

	use(method, kept);
	PG_TRY();
	{
		method->ours->amcostestimate(root, path, loop_count, startup, total, selectivity, correlation, pages);
	}
	PG_FINALLY();
	{
		restore(method, kept);
	}
	PG_END_TRY();
}

bool
pge_compat_get_tuple(const CompatMethod *method, IndexScanDesc scan, ScanDirection direction)
{
	int			kept[COMPAT_MAX_SETTINGS];
	volatile bool found;

	if (scan->numberOfOrderBys == 0)
		elog(ERROR, "cannot scan %s index without order", method->name);
	use(method, kept);
	PG_TRY();
	{
		found = method->ours->amgettuple(scan, direction);
	}
	PG_FINALLY();
	{
		restore(method, kept);
	}
	PG_END_TRY();
	return found;
}

void
pge_compat_check_setting(const char *name)
{
	struct config_generic *known = find_option(name, false, true, 0);

	if (known != NULL && (known->flags & GUC_CUSTOM_PLACEHOLDER) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("pgvector's own library is loaded in this session"),
				 errdetail("It has the setting \"%s\".", name),
				 errhint("Take vector out of shared_preload_libraries; pg_epiphany's extension of this name needs no such entry.")));
}

int
pge_compat_check_column(Relation index, const char *method)
{
	Form_pg_attribute column = TupleDescAttr(RelationGetDescr(index), 0);
	const PgeVectorIndexType *type = pge_vector_index_type(index);

	if (column->atttypid == VARBITOID)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("type not supported for %s index", method)));
	if (column->atttypmod < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column does not have dimensions")));
	if (type->max_dims > 0 && column->atttypmod > type->max_dims)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("column cannot have more than %d dimensions for %s index", type->max_dims, method)));
	return column->atttypmod;
}
