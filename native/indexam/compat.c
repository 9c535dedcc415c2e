/*
 * pgvector's names: settings and demands that hnsw and ivfflat share.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/guc_tables.h"

#include "compat.h"

void
pge_compat_use(CompatSetting *settings, int count)
{
	for (int i = 0; i < count; i++)
	{
		settings[i].kept = *settings[i].ours;
		*settings[i].ours = *settings[i].theirs;
	}
}

void
pge_compat_restore(CompatSetting *settings, int count)
{
	for (int i = 0; i < count; i++)
		*settings[i].ours = settings[i].kept;
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
