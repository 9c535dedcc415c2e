/*
 * Time series: values that stand for many rows (sketches, summaries). What their types share: a layout that begins alike, text and binary
 * forms that are its bytes, and states that collect what must be put in order before it can be summed up.
 */
#ifndef PGE_SKETCH_H
#define PGE_SKETCH_H

#include "fmgr.h"
#include "utils/timestamp.h"

/* ---- values: sketch_io.c ---- */

typedef enum PgeSketchKind
{
	PGE_SKETCH_HYPERLOGLOG = 1,
	PGE_SKETCH_UDDSKETCH,
	PGE_SKETCH_COUNTER,
	PGE_SKETCH_GAUGE,
	PGE_SKETCH_TIME_WEIGHT,
	PGE_SKETCH_STATES,
} PgeSketchKind;

/* What a value begins with. Its bytes from kind on are its binary form, in the processor's order, which is little-endian. */
typedef struct PgeSketch
{
	int32		vl_len_;
	uint8		kind;
	uint8		version;		/* 1 */
	uint16		form;			/* the kind's own */
} PgeSketch;

#define PGE_SKETCH_VERSION	1

/* Checks of values from outside, whose beginning has been checked: NULL, or what is wrong. size: of all with its length word. */
extern const char *pge_hyperloglog_check(const PgeSketch *sketch, Size size);
extern const char *pge_uddsketch_check(const PgeSketch *sketch, Size size);
extern const char *pge_counter_check(const PgeSketch *sketch, Size size);
extern const char *pge_time_weight_check(const PgeSketch *sketch, Size size);
extern const char *pge_states_check(const PgeSketch *sketch, Size size);

extern void *pge_make_sketch(PgeSketchKind kind, int form, Size size);

#define PG_GETARG_SKETCH(n) ((void *) PG_DETOAST_DATUM(PG_GETARG_DATUM(n)))

/* ---- states that collect items of one size: collect.c ---- */

typedef struct PgePoint
{
	TimestampTz time;
	float8		value;
} PgePoint;

typedef struct PgeCollected
{
	int64		count;
	int64		room;
	int32		size;			/* of an item */
	int32		option;			/* the aggregate's own, the same for all of a group */
	int64		bounds[2];		/* likewise */
	char	   *items;
} PgeCollected;

extern PgeCollected *pge_collected(FunctionCallInfo fcinfo, Size size);
extern void pge_collect(PgeCollected *state, const void *item);
extern void pge_collect_point(PgeCollected *state, TimestampTz time, float8 value);
extern int64 pge_points_in_order(PgeCollected *state);
extern void pge_summaries_in_order(PgeCollected *state, Size last, const char *what);

#define PGE_NO_BOUNDS	PG_INT64_MIN

#endif							/* PGE_SKETCH_H */
