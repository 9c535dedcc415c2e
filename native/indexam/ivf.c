/*
 * epiphany_ivf: the access method's routines, its options and defaults.
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "commands/progress.h"

#include "ivf_build.h"

static relopt_kind option_kind;

void
pge_ivf_init(void)
{
	option_kind = add_reloption_kind();
	add_int_reloption(option_kind, "lists", "Number of lists; 0: by the number of rows", 0, 0, IVF_MAX_LISTS, AccessExclusiveLock);
	add_int_reloption(option_kind, "bits", "Bits of a code a dimension; 0: by the number of dimensions", 0, 0, 8, AccessExclusiveLock);
}

static bytea *
options(Datum reloptions, bool validate)
{
	static const relopt_parse_elt table[] = {
		{"lists", RELOPT_TYPE_INT, offsetof(IvfOptions, lists)},
		{"bits", RELOPT_TYPE_INT, offsetof(IvfOptions, bits)},
	};

	return build_reloptions(reloptions, validate, option_kind, sizeof(IvfOptions), table, lengthof(table));
}

/* Blocks are cheap to go through, so lists are long: what a query pays is looking for lists, and entries in those that it need not have. */
int
pge_ivf_default_lists(double rows)
{
	return Max(1, Min(IVF_MAX_LISTS, (int) (rows < 1000000 ? rows / 500 : 2 * sqrt(rows))));
}

/* Short vectors need more bits for estimates that spare the table's rows. */
int
pge_ivf_default_bits(const PgeVectorIndexType *type, int dims)
{
	if (type->element == PgeVectorElement_Bit)
		return 1;
	return dims >= 512 ? 4 : dims >= 256 ? 6 : 8;
}

int
pge_ivf_choose_probes(int lists)
{
	if (pge_ivf_probes > 0)
		return Min(lists, pge_ivf_probes);
	return Min(lists, 3 + (int) (sqrt(lists) / 2));
}

static char *
phase_name(int64 phase)
{
	switch (phase)
	{
		case PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE:
			return "initializing";
		case IVF_PHASE_SAMPLE:
			return "sampling rows";
		case IVF_PHASE_TRAIN:
			return "finding centroids";
		case IVF_PHASE_ENCODE:
			return "encoding rows";
		case IVF_PHASE_WRITE:
			return "writing lists";
		default:
			return NULL;
	}
}

PG_FUNCTION_INFO_V1(pge_ivf_handler);

Datum
pge_ivf_handler(PG_FUNCTION_ARGS)
{
	IndexAmRoutine *routine = makeNode(IndexAmRoutine);

	routine->amstrategies = BTMaxStrategyNumber;
	routine->amsupport = PGE_ATTRIBUTE_HASH_PROC;
	routine->amcanorderbyop = true;
	routine->amcanmulticol = true;
	routine->amoptionalkey = true;
	routine->amsearcharray = true;
	routine->amcanbuildparallel = true;
	routine->amkeytype = InvalidOid;
	routine->ambuild = pge_ivf_build;
	routine->ambuildempty = pge_ivf_build_empty;
	routine->aminsert = pge_ivf_insert;
	routine->ambulkdelete = pge_ivf_bulk_delete;
	routine->amvacuumcleanup = pge_ivf_vacuum_cleanup;
	routine->amcostestimate = pge_ivf_cost;
	routine->amoptions = options;
	routine->ambuildphasename = phase_name;
	routine->amvalidate = pge_vector_validate_class;
	routine->ambeginscan = pge_ivf_begin_scan;
	routine->amrescan = pge_ivf_rescan;
	routine->amgettuple = pge_ivf_get_tuple;
	routine->amendscan = pge_ivf_end_scan;
	PG_RETURN_POINTER(routine);
}
