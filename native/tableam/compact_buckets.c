/*
 * Column store: which groups of a table with a time column are to become one. Only groups of one bucket do. A merge takes several that
 * together have at least twice the rows of the largest, so that a row moves no more often than what it lies in doubles: of groups that are
 * not full a bucket keeps a logarithm of their rows, however long rows trickle in.
 *
 * Groups whose rows came with an index, which wants their places at once, are not in the order of series and time: they are rewritten
 * once. Those that lie across buckets, or in the order of other columns, from before options changed, are rewritten when somebody asks.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "column.h"
#include "compact.h"

typedef struct Candidate
{
	uint32		group;
	uint32		left;			/* rows */
	int64		bucket;
	bool		alone;			/* in no bucket */
	bool		rewrite;		/* worth it by itself */
} Candidate;

static int
compare_candidates(const void *a, const void *b)
{
	const Candidate *x = a;
	const Candidate *y = b;

	if (x->alone != y->alone)
		return x->alone ? 1 : -1;
	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	return x->left < y->left ? -1 : x->left > y->left;
}

/* Were its rows never sorted? */
static bool
never_sorted(const PgeGroupDesc *desc)
{
	return desc->time_attno != 0 && (desc->time_flags & PGE_TIME_SORTED) == 0;
}

/* What groups may hold, and which are looked at. */
typedef struct Limits
{
	PgeTimeKey	key;
	const PgeSink *bounds;		/* of buckets; or NULL */
	uint32		max_rows;
	uint64		max_bytes;
	bool		thorough;
} Limits;

/* Is all of the group in buckets that are asked for? */
static bool
is_within(const PgeSink *bounds, const PgeGroupDesc *desc, const Candidate *candidate)
{
	int64		first = candidate->bucket,
				last = candidate->bucket;

	if (candidate->alone)
	{
		if (desc->time_attno != bounds->key.attno || desc->time_nulls > 0)
			return false;
		first = pge_time_bucket_of(&bounds->key, desc->time_min);
		last = pge_time_bucket_of(&bounds->key, desc->time_max);
	}
	return first >= bounds->first_bucket && last < bounds->end_bucket;
}

/* Without a survey: what the descriptor alone says. */
static bool
consider(Relation rel, const Limits *limits, const PgeGroupDesc *desc, bool survey, Candidate *candidate)
{
	bool		full = pge_builder_is_full(desc, limits->max_rows, limits->max_bytes);
	bool		unsorted = never_sorted(desc) || (limits->thorough && !pge_time_group_sorted(&limits->key, desc));

	*candidate = (Candidate) {.group = desc->group_id,.left = desc->rows - Min(desc->rows, desc->dead_rows)};
	candidate->alone = !pge_time_bucket_of_group(&limits->key, desc, &candidate->bucket);
	if (candidate->alone && !limits->thorough)
		return false;
	if (limits->bounds != NULL && !is_within(limits->bounds, desc, candidate))
		return false;
	/* Rewritten, a cold group would be warm: only one that is sparse is worth it, and none that is not to be read. */
	if ((desc->flags & PGE_GROUP_COLD) && ((desc->flags & PGE_GROUP_ARCHIVED) || !pge_compact_sparse(desc->rows, desc->dead_rows)))
		return false;
	if (desc->delete_root == InvalidBlockNumber && full && !unsorted && !candidate->alone)
		return false;
	if (survey)
	{
		uint64	   *gone = NULL;
		bool		quiet = pge_compact_survey(rel, desc, &gone, &candidate->left);

		if (gone != NULL)
			pfree(gone);
		if (!quiet)
			return false;
	}
	/* A group of which nothing is left is VACUUM's. */
	if (candidate->left == 0)
		return false;
	candidate->rewrite = unsorted || candidate->alone || pge_compact_sparse(desc->rows, desc->rows - candidate->left);
	return candidate->rewrite || !full;
}

/* How many of a bucket's candidates, the smallest first, are to become one group; 0: none. */
static int
choose(const Limits *limits, const Candidate *candidates, int n)
{
	uint64		rows = 0;
	int			chosen = 0;
	bool		rewrite = false;

	for (int i = 0; i < n; i++)
	{
		if (rows + candidates[i].left > limits->max_rows && i > 0)
			break;
		rewrite |= candidates[i].rewrite;
		if (i > 0 ? limits->thorough || rewrite || candidates[i].left <= rows : rewrite)
			chosen = i + 1;
		rows += candidates[i].left;
	}
	return chosen;
}

/* The first bucket's groups that are to become one; their number. */
static int
find_bin(Relation rel, const Limits *limits, const PgeGroupDesc *descs, uint32 ndescs, bool survey, Candidate *candidates, int *first)
{
	int			n = 0;

	for (uint32 i = 0; i < ndescs; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (pge_group_is_current(&descs[i]) && consider(rel, limits, &descs[i], survey, &candidates[n]))
			n++;
	}
	qsort(candidates, n, sizeof(Candidate), compare_candidates);
	*first = 0;
	for (int end; *first < n; *first = end)
	{
		for (end = *first + 1; end < n && !candidates[*first].alone && !candidates[end].alone &&
			 candidates[end].bucket == candidates[*first].bucket; end++)
			;
		/* A large one that is to be rewritten may stand behind others that do not fit with it. */
		for (; *first < end; (*first)++)
		{
			int			chosen = choose(limits, &candidates[*first], end - *first);

			if (chosen > 0)
				return chosen;
		}
	}
	return 0;
}

void
pge_compact_fill_bucket(PgeSink *sink, const PgeGroupDesc *descs, uint32 ndescs, bool thorough, PgeBin *bin)
{
	Limits		limits = {.key = sink->key,.max_rows = sink->max_rows,.max_bytes = sink->max_bytes,.thorough = thorough,
	.bounds = sink->bounded ? sink : NULL};
	Candidate  *candidates = palloc_extended((ndescs + 1) * sizeof(Candidate), MCXT_ALLOC_HUGE);
	int			first;

	memset(bin, 0, sizeof(*bin));
	bin->ngroups = find_bin(sink->rel, &limits, descs, ndescs, true, candidates, &first);
	bin->groups = palloc_array(uint32, bin->ngroups + 1);
	for (int i = 0; i < bin->ngroups; i++)
		bin->groups[i] = candidates[first + i].group;
	pfree(candidates);
}

bool
pge_compact_buckets_wait(Relation rel, const PgeGroupDesc *descs, uint32 ndescs)
{
	Limits		limits = {.max_bytes = pge_builder_max_bytes() / 2};
	PgeWriterOptions options = {0};
	Candidate  *candidates;
	int			first;
	bool		found;

	if (ndescs == 0 || !pge_time_key(rel, &limits.key))
		return false;
	pge_writer_options(rel, &options);
	limits.max_rows = options.MaxRows;
	candidates = palloc_extended(ndescs * sizeof(Candidate), MCXT_ALLOC_HUGE);
	found = find_bin(rel, &limits, descs, ndescs, false, candidates, &first) > 0;
	pfree(candidates);
	return found;
}
