/*
 * Time series: first(value, time) and last(value, time), the value of the row whose time is the least or the greatest. Times of any type
 * with a B-tree order. Rows without a time are left out; the value may be NULL. Of rows at the same time the first that comes is taken.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
#include "varatt.h"

#include "timeseries.h"

typedef struct Kept
{
	Oid			type;
	int16		length;
	bool		byval;
	bool		isnull;
	Datum		datum;
} Kept;

typedef struct State
{
	bool		any;			/* has there been a row? */
	Kept		value;
	Kept		time;
	Oid			collation;
	FmgrInfo   *compare;		/* of times; NULL in a state that came from another process */
} State;

static void
find_type(Kept *kept, Oid type)
{
	kept->type = type;
	get_typlenbyval(type, &kept->length, &kept->byval);
	kept->isnull = true;
}

/* In the current memory context. */
static void
keep(Kept *kept, Datum datum, bool isnull)
{
	if (!kept->byval && !kept->isnull)
		pfree(DatumGetPointer(kept->datum));
	kept->isnull = isnull;
	kept->datum = isnull ? (Datum) 0 : datumCopy(datum, kept->byval, kept->length);
}

static void
find_order(State *state, MemoryContext context)
{
	TypeCacheEntry *entry = lookup_type_cache(state->time.type, TYPECACHE_CMP_PROC);

	if (!OidIsValid(entry->cmp_proc))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("could not identify a comparison function for type %s", format_type_be(state->time.type)),
				 errhint("The second argument of first and last says in what order rows come; its type needs a B-tree operator class.")));
	state->compare = MemoryContextAlloc(context, sizeof(FmgrInfo));
	fmgr_info_cxt(entry->cmp_proc, state->compare, context);
}

/* A state without rows, in the current memory context, which is the aggregate's. */
static State *
make_state(Oid value, Oid time, Oid collation)
{
	State	   *state = palloc0(sizeof(State));

	find_type(&state->value, value);
	find_type(&state->time, time);
	state->collation = collation;
	find_order(state, CurrentMemoryContext);
	return state;
}

/* sign: -1 keeps the least time, 1 the greatest. */
static void
offer(State *state, Datum value, bool isnull, Datum time, int sign)
{
	if (state->any && DatumGetInt32(FunctionCall2Coll(state->compare, state->collation, time, state->time.datum)) * sign <= 0)
		return;
	state->any = true;
	keep(&state->time, time, false);
	keep(&state->value, value, isnull);
}

static Datum
add_row(FunctionCallInfo fcinfo, int sign)
{
	MemoryContext context = pge_aggregate_context(fcinfo);
	MemoryContext old;
	State	   *state = PG_ARGISNULL(0) ? NULL : (State *) PG_GETARG_POINTER(0);

	if (PG_ARGISNULL(2))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	old = MemoryContextSwitchTo(context);
	if (state == NULL)
		state = make_state(get_fn_expr_argtype(fcinfo->flinfo, 1), get_fn_expr_argtype(fcinfo->flinfo, 2), PG_GET_COLLATION());
	offer(state, PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1), PG_ARGISNULL(1), PG_GETARG_DATUM(2), sign);
	MemoryContextSwitchTo(old);
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(pge_first_add);
Datum
pge_first_add(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, -1);
}

PG_FUNCTION_INFO_V1(pge_last_add);
Datum
pge_last_add(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, 1);
}

static Datum
combine(FunctionCallInfo fcinfo, int sign)
{
	MemoryContext context = pge_aggregate_context(fcinfo);
	MemoryContext old;
	State	   *into = PG_ARGISNULL(0) ? NULL : (State *) PG_GETARG_POINTER(0);
	State	   *from = PG_ARGISNULL(1) ? NULL : (State *) PG_GETARG_POINTER(1);

	if (from == NULL)
	{
		if (into == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(into);
	}
	old = MemoryContextSwitchTo(context);
	if (into == NULL)
		into = make_state(from->value.type, from->time.type, from->collation);
	offer(into, from->value.datum, from->value.isnull, from->time.datum, sign);
	MemoryContextSwitchTo(old);
	PG_RETURN_POINTER(into);
}

PG_FUNCTION_INFO_V1(pge_first_combine);
Datum
pge_first_combine(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, -1);
}

PG_FUNCTION_INFO_V1(pge_last_combine);
Datum
pge_last_combine(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, 1);
}

PG_FUNCTION_INFO_V1(pge_first_last_show);
Datum
pge_first_last_show(PG_FUNCTION_ARGS)
{
	State	   *state = PG_ARGISNULL(0) ? NULL : (State *) PG_GETARG_POINTER(0);

	if (state == NULL || state->value.isnull)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(state->value.datum);
}

/* ---- between processes of one query, which are of one server: types by OID, values as they lie in memory ---- */

static void
write_kept(StringInfo buffer, const Kept *kept)
{
	Size		size = datumEstimateSpace(kept->datum, kept->isnull, kept->byval, kept->length);
	char	   *at;

	pq_sendint32(buffer, kept->type);
	pq_sendint32(buffer, (uint32) size);
	enlargeStringInfo(buffer, (int) size);
	at = buffer->data + buffer->len;
	datumSerialize(kept->datum, kept->isnull, kept->byval, kept->length, &at);
	buffer->len += (int) size;
}

static void
read_kept(StringInfo buffer, Kept *kept)
{
	char	   *at;
	uint32		size;

	find_type(kept, pq_getmsgint(buffer, 4));
	size = pq_getmsgint(buffer, 4);
	at = unconstify(char *, pq_getmsgbytes(buffer, (int) size));
	kept->datum = datumRestore(&at, &kept->isnull);
}

PG_FUNCTION_INFO_V1(pge_first_last_serialize);
Datum
pge_first_last_serialize(PG_FUNCTION_ARGS)
{
	State	   *state;
	StringInfoData buffer;

	pge_aggregate_context(fcinfo);
	state = (State *) PG_GETARG_POINTER(0);
	pq_begintypsend(&buffer);
	pq_sendint32(&buffer, state->collation);
	write_kept(&buffer, &state->value);
	write_kept(&buffer, &state->time);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

PG_FUNCTION_INFO_V1(pge_first_last_deserialize);
Datum
pge_first_last_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes;
	StringInfoData buffer;
	State	   *state;

	pge_aggregate_context(fcinfo);
	bytes = PG_GETARG_BYTEA_PP(0);
	initReadOnlyStringInfo(&buffer, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	state = palloc0(sizeof(State));
	state->any = true;
	state->collation = pq_getmsgint(&buffer, 4);
	read_kept(&buffer, &state->value);
	read_kept(&buffer, &state->time);
	pq_getmsgend(&buffer);
	PG_RETURN_POINTER(state);
}
