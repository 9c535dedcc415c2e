/*
 * Defines the settings of guc.def. Owns no meaning: whoever uses a setting reads its variable.
 */
#include "postgres.h"

#include <limits.h>

#include "fmgr.h"
#include "nodes/miscnodes.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"

#include "pge.h"

static const struct config_enum_entry instruction_set_options[] = {
	{"auto", PGE_INSTRUCTION_SET_AUTO, false},
	{"v2", PGE_INSTRUCTION_SET_V2, false},
	{"v3", PGE_INSTRUCTION_SET_V3, false},
	{"v4", PGE_INSTRUCTION_SET_V4, false},
	{NULL, 0, false}
};

static const struct config_enum_entry iterative_options[] = {
	{"off", PGE_ITERATIVE_OFF, false},
	{"relaxed_order", PGE_ITERATIVE_RELAXED, false},
	{"strict_order", PGE_ITERATIVE_STRICT, false},
	{NULL, 0, false}
};

static const struct config_enum_entry vector_index_options[] = {
	{"auto", PGE_VECTOR_INDEX_AUTO, false},
	{"hnsw", PGE_VECTOR_INDEX_HNSW, false},
	{"ivf", PGE_VECTOR_INDEX_IVF, false},
	{NULL, 0, false}
};

static const struct config_enum_entry vectorize_options[] = {
	{"off", PGE_VECTORIZE_BY_SIZE, false},
	{"force", PGE_VECTORIZE_FORCE, false},
	{"strict", PGE_VECTORIZE_STRICT, false},
	{NULL, 0, false}
};

#define PGE_GUC_BOOL(name, boot, ...) bool pge_##name = boot;
#define PGE_GUC_INT(name, boot, ...) int pge_##name = boot;
#define PGE_GUC_ENUM(name, boot, ...) int pge_##name = boot;
#include "guc.def"
#undef PGE_GUC_BOOL
#undef PGE_GUC_INT
#undef PGE_GUC_ENUM

/*
 * A SET that could no longer do anything is an error rather than a lie. Values from files and from connection start are taken as
 * they come: they count for sessions yet to start the library.
 */
static bool
may_set(GucSource source)
{
	if (pge_managed_pid == MyProcPid && source == PGC_S_SESSION)
	{
		GUC_check_errmsg("this setting cannot be changed after the session has used the managed library");
		return false;
	}
	return true;
}

static bool
check_before_start_int(int *newval, void **extra, GucSource source)
{
	return may_set(source);
}

static bool
check_before_start_enum(int *newval, void **extra, GucSource source)
{
	return may_set(source);
}

/* The managed side reads this at each call, as the i32 that the boundary knows. */
int			pge_force_gc = 0;

static void
assign_debug_force_gc(bool newval, void *extra)
{
	pge_force_gc = newval;
}

int			pge_vector_index_kind = PGE_VECTOR_INDEX_AUTO;

/* Read where a table is made, by SQL (sql/epiphany_timeseries/60-policies.sql). */
static char *timeseries_retention_policy;

static bool
check_interval(char **newval, void **extra, GucSource source)
{
	ErrorSaveContext error = {T_ErrorSaveContext};
	Datum		interval;

	if (**newval == '\0')
		return true;
	if (DirectInputFunctionCallSafe(interval_in, *newval, InvalidOid, -1, (Node *) &error, &interval))
		return true;
	GUC_check_errdetail("It is no interval.");
	return false;
}

void
pge_guc_init(void)
{
	DefineCustomEnumVariable("epiphany.vector_index_type",
							 "Sets which kind of index epiphany.create_vector_index() makes.",
							 "ivf: small, quick to build and to write to; hnsw: quicker to search.",
							 &pge_vector_index_kind, PGE_VECTOR_INDEX_AUTO, vector_index_options, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("epiphany.timeseries_retention_policy",
							   "Sets the age at which rows of new tables USING epiphany_timeseries are deleted.",
							   "An interval; empty: such tables get no retention policy.",
							   &timeseries_retention_policy, "", PGC_USERSET, 0, check_interval, NULL, NULL);
#define PGE_GUC_BOOL(name, boot, context, flags, check, assign, short_desc, long_desc) \
	DefineCustomBoolVariable("epiphany." #name, short_desc, long_desc, &pge_##name, boot, context, flags, check, assign, NULL);
#define PGE_GUC_INT(name, boot, min, max, context, flags, check, assign, short_desc, long_desc) \
	DefineCustomIntVariable("epiphany." #name, short_desc, long_desc, &pge_##name, boot, min, max, context, flags, check, assign, NULL);
#define PGE_GUC_ENUM(name, boot, options, context, flags, check, assign, short_desc, long_desc) \
	DefineCustomEnumVariable("epiphany." #name, short_desc, long_desc, &pge_##name, boot, options, context, flags, check, assign, NULL);
#include "guc.def"
#undef PGE_GUC_BOOL
#undef PGE_GUC_INT
#undef PGE_GUC_ENUM

	MarkGUCPrefixReserved("epiphany");
}
