/*
 * Time series: approximate counts of distinct values by HyperLogLog, of any type that can be hashed. m registers, a power of two, each the
 * greatest rank (leading zeros, and one) of the hashes that fall to it: so a sketch depends on the set of values only, not on their order
 * or on how they were split. The relative standard error is 1.04 / sqrt(m); the estimate is Ertl's (2017), which needs no tables of
 * corrections and holds from no values up to more than 2^50.
 *
 * Few values are kept as a sorted list of (register, rank), many as a byte a register.
 */
#include "postgres.h"

#include <math.h>

#include "port/pg_bitutils.h"
#include "utils/builtins.h"
#include "utils/typcache.h"
#include "varatt.h"

#include "sketch.h"
#include "timeseries.h"

#define LEAST_PRECISION		4
#define MOST_PRECISION		18
#define USUAL_BUCKETS		32768

/* form: precision, and whether it is a list. */
#define FORM(precision, is_list)	((precision) | (is_list) << 8)
#define PRECISION(sketch)	((sketch)->head.form & 0xFF)
#define IS_LIST(sketch)		(((sketch)->head.form & 0x100) != 0)

/* A list's element: register above, rank in the last 6 bits. */
#define CODE(index, rank)	((uint32) (index) << 6 | (rank))
#define CODE_INDEX(code)	((code) >> 6)
#define CODE_RANK(code)		((code) & 63)

typedef struct Sketch
{
	PgeSketch	head;
	uint32		codes[FLEXIBLE_ARRAY_MEMBER];	/* or ranks */
} Sketch;

#define RANKS(sketch)	((uint8 *) (sketch)->codes)

typedef struct State
{
	MemoryContext context;
	int			precision;
	uint8	   *ranks;			/* NULL while it is a list */
	uint32	   *codes;			/* sorted up to nsorted, each register once; what has come since after that */
	int			nsorted;
	int			ncodes;
	int			room;
	Oid			type;
	FmgrInfo   *hash;			/* NULL in a state that is made of sketches */
} State;

/* A list that takes half the room of the registers is no list any more. */
static int
longest_list(int precision)
{
	return Max((1 << precision) / 8, 4);
}

static int
number_of_codes(const Sketch *sketch)
{
	return (int) ((VARSIZE(sketch) - sizeof(PgeSketch)) / sizeof(uint32));
}

const char *
pge_hyperloglog_check(const PgeSketch *head, Size size)
{
	const Sketch *sketch = (const Sketch *) head;
	int			precision = PRECISION(sketch);
	int			most = 64 - precision + 1;

	if (precision < LEAST_PRECISION || precision > MOST_PRECISION || (head->form >> 9) != 0)
		return "Its number of buckets is out of range.";
	if (!IS_LIST(sketch))
	{
		if (size != sizeof(PgeSketch) + ((Size) 1 << precision))
			return "It is not as long as its number of buckets says.";
		for (int i = 0; i < 1 << precision; i++)
			if (RANKS(sketch)[i] > most)
				return "A bucket is out of range.";
		return NULL;
	}
	if ((size - sizeof(PgeSketch)) % sizeof(uint32) != 0 || number_of_codes(sketch) > longest_list(precision))
		return "Its list of buckets has a wrong length.";
	for (int i = 0; i < number_of_codes(sketch); i++)
	{
		uint32		code = sketch->codes[i];

		if (CODE_INDEX(code) >= (uint32) 1 << precision || CODE_RANK(code) < 1 || CODE_RANK(code) > most ||
			(i > 0 && CODE_INDEX(code) <= CODE_INDEX(sketch->codes[i - 1])))
			return "A bucket in its list is out of range or out of order.";
	}
	return NULL;
}

/* ---- states ---- */

static State *
make_state(MemoryContext context, int precision)
{
	State	   *state = MemoryContextAllocZero(context, sizeof(State));

	state->context = context;
	state->precision = precision;
	state->room = 16;
	state->codes = MemoryContextAlloc(context, state->room * sizeof(uint32));
	return state;
}

static void
add_to_registers(State *state, uint32 index, int rank)
{
	if (state->ranks[index] < rank)
		state->ranks[index] = rank;
}

static int
compare_codes(const void *a, const void *b)
{
	uint32		left = *(const uint32 *) a;
	uint32		right = *(const uint32 *) b;

	return left < right ? -1 : left > right;
}

/* Sorts the list; of a register's ranks the greatest stays. A list that is too long becomes registers. */
static void
put_in_order(State *state)
{
	int			count = 0;

	if (state->ranks != NULL || state->nsorted == state->ncodes)
		return;
	qsort(state->codes, state->ncodes, sizeof(uint32), compare_codes);
	for (int i = 0; i < state->ncodes; i++)
	{
		if (i + 1 == state->ncodes || CODE_INDEX(state->codes[i]) != CODE_INDEX(state->codes[i + 1]))
			state->codes[count++] = state->codes[i];
	}
	state->nsorted = state->ncodes = count;
	if (count <= longest_list(state->precision))
		return;
	state->ranks = MemoryContextAllocZero(state->context, (Size) 1 << state->precision);
	for (int i = 0; i < count; i++)
		add_to_registers(state, CODE_INDEX(state->codes[i]), CODE_RANK(state->codes[i]));
	pfree(state->codes);
	state->codes = NULL;
}

static void
add(State *state, uint32 index, int rank)
{
	if (state->ranks == NULL && state->ncodes == state->room)
	{
		put_in_order(state);
		if (state->ranks == NULL && state->nsorted * 2 > state->room)
		{
			state->room *= 2;
			state->codes = repalloc(state->codes, state->room * sizeof(uint32));
		}
	}
	if (state->ranks != NULL)
		add_to_registers(state, index, rank);
	else
		state->codes[state->ncodes++] = CODE(index, rank);
}

static void
add_hash(State *state, uint64 hash)
{
	uint64		rest = hash << state->precision;
	int			rank = rest == 0 ? 64 - state->precision + 1 : 64 - pg_leftmost_one_pos64(rest);

	add(state, (uint32) (hash >> (64 - state->precision)), rank);
}

static void
add_sketch(State *state, const Sketch *sketch)
{
	if (PRECISION(sketch) != state->precision)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("hyperloglogs of %d and %d buckets cannot be rolled up", 1 << state->precision, 1 << PRECISION(sketch))));
	if (IS_LIST(sketch))
	{
		for (int i = 0; i < number_of_codes(sketch); i++)
			add(state, CODE_INDEX(sketch->codes[i]), CODE_RANK(sketch->codes[i]));
		return;
	}
	for (int i = 0; i < 1 << state->precision; i++)
	{
		if (RANKS(sketch)[i] > 0)
			add(state, i, RANKS(sketch)[i]);
	}
}

static Sketch *
sketch_of(State *state)
{
	Size		size;
	Sketch	   *sketch;

	put_in_order(state);
	size = state->ranks != NULL ? (Size) 1 << state->precision : state->nsorted * sizeof(uint32);
	sketch = pge_make_sketch(PGE_SKETCH_HYPERLOGLOG, FORM(state->precision, state->ranks == NULL), sizeof(PgeSketch) + size);
	memcpy(sketch->codes, state->ranks != NULL ? (void *) state->ranks : (void *) state->codes, size);
	return sketch;
}

/* ---- aggregates ---- */

static State *
add_value(FunctionCallInfo fcinfo, int buckets, int argument)
{
	MemoryContext context = pge_aggregate_context(fcinfo);
	State	   *state = PG_ARGISNULL(0) ? NULL : (State *) PG_GETARG_POINTER(0);
	uint64		hash;

	if (PG_ARGISNULL(argument))
		return state;
	if (state == NULL)
	{
		if (buckets < 1 << LEAST_PRECISION || buckets > 1 << MOST_PRECISION)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("number of buckets of a hyperloglog must be between %d and %d, not %d", 1 << LEAST_PRECISION,
							1 << MOST_PRECISION, buckets)));
		state = make_state(context, pg_ceil_log2_32(buckets));
	}
	if (state->hash == NULL)
	{
		TypeCacheEntry *entry;

		state->type = get_fn_expr_argtype(fcinfo->flinfo, argument);
		entry = lookup_type_cache(state->type, TYPECACHE_HASH_EXTENDED_PROC);
		if (!OidIsValid(entry->hash_extended_proc))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_FUNCTION),
					 errmsg("could not identify an extended hash function for type %s", format_type_be(state->type))));
		state->hash = MemoryContextAlloc(context, sizeof(FmgrInfo));
		fmgr_info_cxt(entry->hash_extended_proc, state->hash, context);
	}
	hash = DatumGetUInt64(FunctionCall2Coll(state->hash, PG_GET_COLLATION(), PG_GETARG_DATUM(argument), Int64GetDatum(0)));
	add_hash(state, hash);
	return state;
}

static Datum
state_or_null(FunctionCallInfo fcinfo, State *state)
{
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(pge_hyperloglog_add);
Datum
pge_hyperloglog_add(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("number of buckets of a hyperloglog must not be null")));
	return state_or_null(fcinfo, add_value(fcinfo, PG_GETARG_INT32(1), 2));
}

PG_FUNCTION_INFO_V1(pge_count_distinct_add);
Datum
pge_count_distinct_add(PG_FUNCTION_ARGS)
{
	return state_or_null(fcinfo, add_value(fcinfo, USUAL_BUCKETS, 1));
}

PG_FUNCTION_INFO_V1(pge_hyperloglog_rollup);
Datum
pge_hyperloglog_rollup(PG_FUNCTION_ARGS)
{
	MemoryContext context = pge_aggregate_context(fcinfo);
	State	   *state = PG_ARGISNULL(0) ? NULL : (State *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1))
	{
		const Sketch *sketch = PG_GETARG_SKETCH(1);

		if (state == NULL)
			state = make_state(context, PRECISION(sketch));
		add_sketch(state, sketch);
	}
	return state_or_null(fcinfo, state);
}

PG_FUNCTION_INFO_V1(pge_hyperloglog_combine);
Datum
pge_hyperloglog_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = pge_aggregate_context(fcinfo);
	State	   *into = PG_ARGISNULL(0) ? NULL : (State *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1))
	{
		State	   *from = (State *) PG_GETARG_POINTER(1);

		if (into == NULL)
			into = make_state(context, from->precision);
		add_sketch(into, sketch_of(from));
	}
	return state_or_null(fcinfo, into);
}

PG_FUNCTION_INFO_V1(pge_hyperloglog_final);
Datum
pge_hyperloglog_final(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(sketch_of((State *) PG_GETARG_POINTER(0)));
}

/* A state's serial form is its sketch. */
PG_FUNCTION_INFO_V1(pge_hyperloglog_deserialize);
Datum
pge_hyperloglog_deserialize(PG_FUNCTION_ARGS)
{
	const Sketch *sketch;
	State	   *state;

	pge_aggregate_context(fcinfo);
	sketch = PG_GETARG_SKETCH(0);
	state = make_state(CurrentMemoryContext, PRECISION(sketch));
	add_sketch(state, sketch);
	PG_RETURN_POINTER(state);
}

/* ---- what sketches say ---- */

static float8
sigma(float8 x)
{
	float8		y = 1;
	float8		z = x;
	float8		before;

	if (x == 1)
		return INFINITY;
	do
	{
		x *= x;
		before = z;
		z += x * y;
		y += y;
	} while (z != before);
	return z;
}

static float8
tau(float8 x)
{
	float8		y = 1;
	float8		z = 1 - x;
	float8		before;

	if (x == 0 || x == 1)
		return 0;
	do
	{
		x = sqrt(x);
		before = z;
		y *= 0.5;
		z -= (1 - x) * (1 - x) * y;
	} while (z != before);
	return z / 3;
}

static float8
estimate(const Sketch *sketch)
{
	int			precision = PRECISION(sketch);
	int			most = 64 - precision;
	float8		m = ldexp(1, precision);
	float8		z;
	int			counts[64] = {0};

	if (IS_LIST(sketch))
	{
		counts[0] = (1 << precision) - number_of_codes(sketch);
		for (int i = 0; i < number_of_codes(sketch); i++)
			counts[CODE_RANK(sketch->codes[i])]++;
	}
	else
	{
		for (int i = 0; i < 1 << precision; i++)
			counts[RANKS(sketch)[i]]++;
	}
	z = m * tau(1 - counts[most + 1] / m);
	for (int rank = most; rank > 0; rank--)
		z = 0.5 * (z + counts[rank]);
	z += m * sigma(counts[0] / m);
	return m / z * m / (2 * M_LN2);
}

PG_FUNCTION_INFO_V1(pge_hyperloglog_distinct_count);
Datum
pge_hyperloglog_distinct_count(PG_FUNCTION_ARGS)
{
	float8		count = estimate(PG_GETARG_SKETCH(0));

	PG_RETURN_INT64(count < 9e18 ? (int64) rint(count) : PG_INT64_MAX);
}

PG_FUNCTION_INFO_V1(pge_hyperloglog_stderror);
Datum
pge_hyperloglog_stderror(PG_FUNCTION_ARGS)
{
	const Sketch *sketch = PG_GETARG_SKETCH(0);

	PG_RETURN_FLOAT8(1.04 / sqrt(ldexp(1, PRECISION(sketch))));
}
