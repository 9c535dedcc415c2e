/*
 * Time series: approximate percentiles by UDDSketch (Epicoco and others, 2020). Values are counted in slots whose bounds grow by a factor
 * gamma, so that a slot's value is within a relative error alpha of all in it. When there are more slots than allowed, all pairs of
 * neighbours become one: gamma is squared. How often depends only on the values there are, so a sketch does not depend on their order or
 * on how they were split, but for the last digits of the sum.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type_d.h"
#include "utils/array.h"
#include "varatt.h"

#include "sketch.h"
#include "timeseries.h"

#define LEAST_SLOTS		8
#define MOST_SLOTS		16384
#define USUAL_SLOTS		200
#define LEAST_ERROR		1e-6
#define MOST_ERROR		0.99
#define USUAL_ERROR		0.001

/* gamma ^ (2 ^ 31) is more than any number. */
#define MOST_HALVINGS	31

/* Numbers of slots in the order of values: 0 is the slot of zero, BIAS + key that of positive values up to gamma ^ key. */
#define BIAS			(INT64CONST(1) << 32)
#define SLOT_NEGATIVE_INFINITY	(-PG_INT64_MAX)
#define SLOT_INFINITY	(PG_INT64_MAX - 1)
#define SLOT_NAN		PG_INT64_MAX

typedef struct Slot
{
	int64		number;
	int64		count;			/* not 0 */
} Slot;

/* head.form: how often slots have been halved. */
typedef struct Sketch
{
	PgeSketch	head;
	int32		most;			/* slots allowed */
	int32		nslots;
	float8		alpha;			/* before any halving */
	float8		sum;
	int64		count;
	float8		least;			/* of finite values; 0 where there are none, as the next */
	float8		greatest;
	Slot		slots[FLEXIBLE_ARRAY_MEMBER];	/* sorted */
} Sketch;

/* A state has room for one slot more, which halving takes back. */
typedef struct State
{
	Sketch	   *sketch;
	int			last;			/* slot that was added to last */
	int64		nfinite;
} State;

static bool
is_number(int64 slot)
{
	return slot != SLOT_NEGATIVE_INFINITY && slot < SLOT_INFINITY;
}

static Size
size_of(int nslots)
{
	return offsetof(Sketch, slots) + (Size) nslots * sizeof(Slot);
}

static const char *
check_slots(const Sketch *sketch)
{
	int64		count = 0;

	for (int i = 0; i < sketch->nslots; i++)
	{
		const Slot *slot = &sketch->slots[i];
		uint64		magnitude = slot->number < 0 ? -(uint64) slot->number : (uint64) slot->number;

		if (i > 0 && slot->number <= sketch->slots[i - 1].number)
			return "Its slots are out of order.";
		if (is_number(slot->number) && slot->number != 0 && (magnitude < BIAS / 2 || magnitude > BIAS + BIAS / 2))
			return "A slot is out of range.";
		if (slot->count <= 0 || slot->count > PG_INT64_MAX - count)
			return "A count is out of range.";
		count += slot->count;
	}
	return count == sketch->count ? NULL : "Its counts do not add up.";
}

const char *
pge_uddsketch_check(const PgeSketch *head, Size size)
{
	const Sketch *sketch = (const Sketch *) head;

	if (size < size_of(0) || sketch->nslots < 1 || sketch->nslots > MOST_SLOTS || size != size_of(sketch->nslots))
		return "It is not as long as its number of slots says.";
	if (sketch->most < LEAST_SLOTS || sketch->most > MOST_SLOTS || sketch->nslots > sketch->most || head->form > MOST_HALVINGS)
		return "Its number of slots is out of range.";
	if (!(sketch->alpha >= LEAST_ERROR && sketch->alpha <= MOST_ERROR))
		return "Its error is out of range.";
	if (!isfinite(sketch->least) || !isfinite(sketch->greatest) || sketch->least > sketch->greatest)
		return "Its least or greatest value is out of range.";
	return check_slots(sketch);
}

/* ---- slots ---- */

/* The logarithm of gamma, after so many halvings. */
static float8
log_gamma_of(const Sketch *sketch)
{
	return ldexp(2 * atanh(sketch->alpha), sketch->head.form);
}

/* Rounded up; the same whether it is done at once or step by step. */
static int64
halved_key(int64 key, int times)
{
	return (key + (INT64CONST(1) << times) - 1) >> times;
}

static int64
halved_slot(int64 slot, int times)
{
	if (slot == 0 || !is_number(slot))
		return slot;
	return slot > 0 ? halved_key(slot - BIAS, times) + BIAS : -(halved_key(-slot - BIAS, times) + BIAS);
}

static int64
slot_of(const Sketch *sketch, float8 value)
{
	int64		key;

	if (isnan(value))
		return SLOT_NAN;
	if (isinf(value))
		return value > 0 ? SLOT_INFINITY : SLOT_NEGATIVE_INFINITY;
	if (value == 0)
		return 0;
	/* By the first gamma, so that values get to the same slot whenever they come. */
	key = halved_key((int64) ceil(log(fabs(value)) / (2 * atanh(sketch->alpha))), sketch->head.form);
	return value > 0 ? key + BIAS : -(key + BIAS);
}

/* Within the error of all values in the slot. */
static float8
value_of(const Sketch *sketch, int64 slot)
{
	float8		log_gamma = log_gamma_of(sketch);
	float8		value;

	if (slot == SLOT_NAN)
		return NAN;
	if (!is_number(slot))
		return slot > 0 ? INFINITY : -INFINITY;
	if (slot == 0)
		return 0;
	value = exp(((slot < 0 ? -slot : slot) - BIAS - 1) * log_gamma) * 2 / (1 + exp(-log_gamma));
	if (slot < 0)
		value = -value;
	return Max(Min(value, sketch->greatest), sketch->least);
}

/* The first slot that is not below. */
static int
find_slot(const Sketch *sketch, int64 number)
{
	int			low = 0;
	int			high = sketch->nslots;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (sketch->slots[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
halve(Sketch *sketch, int times)
{
	int			count = 0;

	sketch->head.form += times;
	for (int i = 0; i < sketch->nslots; i++)
	{
		Slot		slot = sketch->slots[i];

		slot.number = halved_slot(slot.number, times);
		if (count > 0 && sketch->slots[count - 1].number == slot.number)
			sketch->slots[count - 1].count += slot.count;
		else
			sketch->slots[count++] = slot;
	}
	sketch->nslots = count;
}

/* ---- states ---- */

static State *
make_state(MemoryContext context, int most, float8 alpha)
{
	State	   *state = MemoryContextAllocZero(context, sizeof(State));

	state->sketch = MemoryContextAllocZero(context, size_of(most + 1));
	state->sketch->most = most;
	state->sketch->alpha = alpha;
	return state;
}

static void
count_in_slot(State *state, int64 number, int64 count)
{
	Sketch	   *sketch = state->sketch;
	int			i = state->last;

	if (i >= sketch->nslots || sketch->slots[i].number != number)
		i = find_slot(sketch, number);
	if (i == sketch->nslots || sketch->slots[i].number != number)
	{
		memmove(&sketch->slots[i + 1], &sketch->slots[i], (sketch->nslots - i) * sizeof(Slot));
		sketch->slots[i] = (Slot) {.number = number};
		sketch->nslots++;
	}
	sketch->slots[i].count += count;
	state->last = i;
	while (sketch->nslots > sketch->most && sketch->head.form < MOST_HALVINGS)
		halve(sketch, 1);
}

static void
widen(State *state, float8 least, float8 greatest, int64 nfinite)
{
	Sketch	   *sketch = state->sketch;

	if (nfinite == 0)
		return;
	sketch->least = state->nfinite == 0 ? least : Min(sketch->least, least);
	sketch->greatest = state->nfinite == 0 ? greatest : Max(sketch->greatest, greatest);
	state->nfinite += nfinite;
}

static void
add_value(State *state, float8 value)
{
	count_in_slot(state, slot_of(state->sketch, value), 1);
	state->sketch->count++;
	state->sketch->sum += value;
	if (isfinite(value))
		widen(state, value, value, 1);
}

static void
add_sketch(State *state, const Sketch *from)
{
	Sketch	   *into = state->sketch;
	int64		nfinite = 0;

	if (into->most != from->most || into->alpha != from->alpha)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("uddsketches of %d slots and error %g, and of %d and %g, cannot be rolled up", into->most, into->alpha, from->most,
						from->alpha)));
	if (from->count > PG_INT64_MAX - into->count)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("bigint out of range"),
				 errdetail("The sketches have too many values together.")));
	if (from->head.form > into->head.form)
		halve(into, from->head.form - into->head.form);
	for (int i = 0; i < from->nslots; i++)
	{
		if (is_number(from->slots[i].number))
			nfinite += from->slots[i].count;
		/* Slots may be halved on the way. */
		count_in_slot(state, halved_slot(from->slots[i].number, into->head.form - from->head.form), from->slots[i].count);
	}
	into->count += from->count;
	into->sum += from->sum;
	widen(state, from->least, from->greatest, nfinite);
}

/* ---- aggregates ---- */

static Datum
add(FunctionCallInfo fcinfo, int most, float8 alpha, int argument)
{
	MemoryContext context = pge_aggregate_context(fcinfo);
	State	   *state = PG_ARGISNULL(0) ? NULL : (State *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(argument))
	{
		if (state == NULL)
			state = make_state(context, most, alpha);
		add_value(state, PG_GETARG_FLOAT8(argument));
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(pge_percentile_add);
Datum
pge_percentile_add(PG_FUNCTION_ARGS)
{
	return add(fcinfo, USUAL_SLOTS, USUAL_ERROR, 1);
}

PG_FUNCTION_INFO_V1(pge_uddsketch_add);
Datum
pge_uddsketch_add(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("size and error of a uddsketch must not be null")));
	if (PG_GETARG_INT32(1) < LEAST_SLOTS || PG_GETARG_INT32(1) > MOST_SLOTS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("size of a uddsketch must be between %d and %d, not %d", LEAST_SLOTS, MOST_SLOTS, PG_GETARG_INT32(1))));
	if (!(PG_GETARG_FLOAT8(2) >= LEAST_ERROR && PG_GETARG_FLOAT8(2) <= MOST_ERROR))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("error of a uddsketch must be between %g and %g, not %g", LEAST_ERROR, MOST_ERROR, PG_GETARG_FLOAT8(2))));
	return add(fcinfo, PG_GETARG_INT32(1), PG_GETARG_FLOAT8(2), 3);
}

static Datum
merged(FunctionCallInfo fcinfo, const Sketch *from)
{
	MemoryContext context = pge_aggregate_context(fcinfo);
	State	   *state = PG_ARGISNULL(0) ? NULL : (State *) PG_GETARG_POINTER(0);

	if (state == NULL && from == NULL)
		PG_RETURN_NULL();
	if (state == NULL)
		state = make_state(context, from->most, from->alpha);
	if (from != NULL)
		add_sketch(state, from);
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(pge_uddsketch_rollup);
Datum
pge_uddsketch_rollup(PG_FUNCTION_ARGS)
{
	return merged(fcinfo, PG_ARGISNULL(1) ? NULL : PG_GETARG_SKETCH(1));
}

PG_FUNCTION_INFO_V1(pge_uddsketch_combine);
Datum
pge_uddsketch_combine(PG_FUNCTION_ARGS)
{
	return merged(fcinfo, PG_ARGISNULL(1) ? NULL : ((State *) PG_GETARG_POINTER(1))->sketch);
}

PG_FUNCTION_INFO_V1(pge_uddsketch_final);
Datum
pge_uddsketch_final(PG_FUNCTION_ARGS)
{
	const Sketch *sketch;
	Sketch	   *result;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	sketch = ((State *) PG_GETARG_POINTER(0))->sketch;
	result = pge_make_sketch(PGE_SKETCH_UDDSKETCH, sketch->head.form, size_of(sketch->nslots));
	memcpy((char *) result + sizeof(PgeSketch), (const char *) sketch + sizeof(PgeSketch), size_of(sketch->nslots) - sizeof(PgeSketch));
	PG_RETURN_POINTER(result);
}

/* A state's serial form is its sketch. */
PG_FUNCTION_INFO_V1(pge_uddsketch_deserialize);
Datum
pge_uddsketch_deserialize(PG_FUNCTION_ARGS)
{
	const Sketch *sketch;
	State	   *state;

	pge_aggregate_context(fcinfo);
	sketch = PG_GETARG_SKETCH(0);
	state = make_state(CurrentMemoryContext, sketch->most, sketch->alpha);
	add_sketch(state, sketch);
	PG_RETURN_POINTER(state);
}

/* ---- what sketches say ---- */

/* Of the value that has percentile * (count - 1) others before it, rounded down. */
static float8
percentile_of(const Sketch *sketch, float8 percentile)
{
	int64		rank;
	int64		before = 0;

	if (!(percentile >= 0 && percentile <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("percentile value %g is not between 0 and 1", percentile)));
	rank = Min((int64) floor(percentile * (sketch->count - 1)), sketch->count - 1);
	for (int i = 0; i < sketch->nslots; i++)
	{
		before += sketch->slots[i].count;
		if (before > rank)
			return value_of(sketch, sketch->slots[i].number);
	}
	return NAN;
}

PG_FUNCTION_INFO_V1(pge_approx_percentile);
Datum
pge_approx_percentile(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(percentile_of(PG_GETARG_SKETCH(1), PG_GETARG_FLOAT8(0)));
}

PG_FUNCTION_INFO_V1(pge_approx_percentile_array);
Datum
pge_approx_percentile_array(PG_FUNCTION_ARGS)
{
	ArrayType  *percentiles = PG_GETARG_ARRAYTYPE_P(0);
	const Sketch *sketch = PG_GETARG_SKETCH(1);
	Datum	   *values;
	bool	   *nulls;
	int			count;

	deconstruct_array_builtin(percentiles, FLOAT8OID, &values, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		if (!nulls[i])
			values[i] = Float8GetDatum(percentile_of(sketch, DatumGetFloat8(values[i])));
	}
	PG_RETURN_ARRAYTYPE_P(construct_md_array(values, nulls, ARR_NDIM(percentiles), ARR_DIMS(percentiles), ARR_LBOUND(percentiles),
											 FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

PG_FUNCTION_INFO_V1(pge_approx_percentile_rank);
Datum
pge_approx_percentile_rank(PG_FUNCTION_ARGS)
{
	const Sketch *sketch = PG_GETARG_SKETCH(1);
	int64		slot = slot_of(sketch, PG_GETARG_FLOAT8(0));
	int64		count = 0;

	for (int i = 0; i < sketch->nslots && sketch->slots[i].number <= slot; i++)
		count += sketch->slots[i].count;
	PG_RETURN_FLOAT8((float8) count / sketch->count);
}

PG_FUNCTION_INFO_V1(pge_uddsketch_error);
Datum
pge_uddsketch_error(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(tanh(log_gamma_of(PG_GETARG_SKETCH(0)) / 2));
}

PG_FUNCTION_INFO_V1(pge_uddsketch_mean);
Datum
pge_uddsketch_mean(PG_FUNCTION_ARGS)
{
	const Sketch *sketch = PG_GETARG_SKETCH(0);

	PG_RETURN_FLOAT8(sketch->sum / sketch->count);
}

PG_FUNCTION_INFO_V1(pge_uddsketch_num_vals);
Datum
pge_uddsketch_num_vals(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(((const Sketch *) PG_GETARG_SKETCH(0))->count);
}
