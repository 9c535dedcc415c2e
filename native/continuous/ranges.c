/*
 * Continuous aggregates: lists of ranges of times. Plain arithmetic; both ends are included.
 */
#include "postgres.h"

#include "common/int.h"

#include "continuous.h"

void
pge_ranges_add(PgeRanges *ranges, int64 first, int64 last)
{
	if (ranges->n == ranges->room)
	{
		ranges->room = ranges->room ? ranges->room * 2 : 8;
		ranges->of = ranges->of ? repalloc_array(ranges->of, PgeRange, ranges->room) : palloc_array(PgeRange, ranges->room);
	}
	ranges->of[ranges->n++] = (PgeRange) {first, last};
}

static int
by_first(const void *a, const void *b)
{
	int64		left = ((const PgeRange *) a)->first;
	int64		right = ((const PgeRange *) b)->first;

	return (left > right) - (left < right);
}

/* Sorts them, and makes one of those that overlap or touch. */
void
pge_ranges_merge(PgeRanges *ranges)
{
	int			kept = 0;

	if (ranges->n < 2)
		return;
	qsort(ranges->of, ranges->n, sizeof(PgeRange), by_first);
	for (int i = 1; i < ranges->n; i++)
	{
		PgeRange   *last = &ranges->of[kept];

		if (last->last == PG_INT64_MAX || ranges->of[i].first <= last->last + 1)
			last->last = Max(last->last, ranges->of[i].last);
		else
			ranges->of[++kept] = ranges->of[i];
	}
	ranges->n = kept + 1;
}

static int
wider_first(const void *a, const void *b)
{
	return pg_cmp_u64(*(const uint64 *) b, *(const uint64 *) a);
}

/* Merges them, and across the narrowest gaps until there are no more than that. */
void
pge_ranges_limit(PgeRanges *ranges, int most)
{
	uint64	   *gaps;
	uint64		widest_closed;
	int			kept = 0;

	pge_ranges_merge(ranges);
	if (ranges->n <= most)
		return;
	gaps = palloc_array(uint64, ranges->n - 1);
	for (int i = 1; i < ranges->n; i++)
		gaps[i - 1] = (uint64) ranges->of[i].first - (uint64) ranges->of[i - 1].last;
	qsort(gaps, ranges->n - 1, sizeof(uint64), wider_first);
	widest_closed = gaps[most - 1];
	pfree(gaps);
	for (int i = 1; i < ranges->n; i++)
	{
		if ((uint64) ranges->of[i].first - (uint64) ranges->of[kept].last <= widest_closed)
			ranges->of[kept].last = ranges->of[i].last;
		else
			ranges->of[++kept] = ranges->of[i];
	}
	ranges->n = kept + 1;
}

/* Of merged ranges. */
bool
pge_ranges_have(const PgeRanges *ranges, int64 time)
{
	int			low = 0;
	int			high = ranges->n;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (ranges->of[middle].last < time)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ranges->n && ranges->of[low].first <= time;
}

/* What lies in the window, and what is left without it. Either list may be NULL. */
void
pge_ranges_cut(const PgeRanges *from, PgeRange window, PgeRanges *inside, PgeRanges *outside)
{
	for (int i = 0; i < from->n; i++)
	{
		PgeRange	range = from->of[i];

		if (range.last < window.first || range.first > window.last)
		{
			if (outside)
				pge_ranges_add(outside, range.first, range.last);
			continue;
		}
		if (inside)
			pge_ranges_add(inside, Max(range.first, window.first), Min(range.last, window.last));
		if (outside && range.first < window.first)
			pge_ranges_add(outside, range.first, window.first - 1);
		if (outside && range.last > window.last)
			pge_ranges_add(outside, window.last + 1, range.last);
	}
}
