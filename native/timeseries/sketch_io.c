/*
 * Time series: text and binary forms of sketches. The binary form is the value's bytes from its kind on, the text form their hexadecimal
 * digits as bytea has them. What comes in from outside is checked here, once; functions trust what they are given.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "nodes/miscnodes.h"
#include "utils/builtins.h"
#include "varatt.h"

#include "sketch.h"

static const struct
{
	const char *name;
	const char *(*check) (const PgeSketch *sketch, Size size);
}			kinds[] = {
	[PGE_SKETCH_HYPERLOGLOG] = {"hyperloglog", pge_hyperloglog_check},
	[PGE_SKETCH_UDDSKETCH] = {"uddsketch", pge_uddsketch_check},
	[PGE_SKETCH_COUNTER] = {"countersummary", pge_counter_check},
	[PGE_SKETCH_GAUGE] = {"gaugesummary", pge_counter_check},
	[PGE_SKETCH_TIME_WEIGHT] = {"timeweightsummary", pge_time_weight_check},
	[PGE_SKETCH_STATES] = {"stateagg", pge_states_check},
};

/* Zeros but for its beginning. */
void *
pge_make_sketch(PgeSketchKind kind, int form, Size size)
{
	PgeSketch  *sketch = palloc0(size);

	SET_VARSIZE(sketch, size);
	sketch->kind = kind;
	sketch->version = PGE_SKETCH_VERSION;
	sketch->form = form;
	return sketch;
}

static const char *
what_is_wrong(const PgeSketch *sketch, PgeSketchKind kind)
{
	Size		size = VARSIZE(sketch);

	if (size < sizeof(PgeSketch))
		return "It is too short.";
	if (sketch->kind == 0 || sketch->kind >= lengthof(kinds))
		return "It is of no known kind.";
	if (sketch->kind != kind)
		return psprintf("It is a %s.", kinds[sketch->kind].name);
	if (sketch->version != PGE_SKETCH_VERSION)
		return psprintf("Its layout has version %d, this library reads version %d.", sketch->version, PGE_SKETCH_VERSION);
	return kinds[kind].check(sketch, size);
}

/* ---- text ---- */

static Datum
read_text(FunctionCallInfo fcinfo, PgeSketchKind kind)
{
	char	   *text = PG_GETARG_CSTRING(0);
	Size		length = strlen(text);
	PgeSketch  *sketch = palloc0(VARHDRSZ + length / 2 + sizeof(PgeSketch));
	const char *wrong = NULL;
	uint64		bytes;

	if (length < 2 || text[0] != '\\' || text[1] != 'x')
		wrong = "It does not begin with \\x.";
	else
	{
		bytes = hex_decode_safe(text + 2, length - 2, VARDATA(sketch), fcinfo->context);
		if (SOFT_ERROR_OCCURRED(fcinfo->context))
			PG_RETURN_NULL();
		SET_VARSIZE(sketch, VARHDRSZ + bytes);
		wrong = what_is_wrong(sketch, kind);
	}
	if (wrong != NULL)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s", kinds[kind].name),
				 errdetail("%s", wrong)));
	PG_RETURN_POINTER(sketch);
}

static Datum
write_text(FunctionCallInfo fcinfo)
{
	PgeSketch  *sketch = PG_GETARG_SKETCH(0);
	Size		size = VARSIZE(sketch) - VARHDRSZ;
	char	   *text = palloc(size * 2 + 3);

	text[0] = '\\';
	text[1] = 'x';
	text[2 + hex_encode(VARDATA(sketch), size, text + 2)] = '\0';
	PG_RETURN_CSTRING(text);
}

/* ---- binary ---- */

static Datum
read_binary(FunctionCallInfo fcinfo, PgeSketchKind kind)
{
	StringInfo	buffer = (StringInfo) PG_GETARG_POINTER(0);
	int			bytes = buffer->len - buffer->cursor;
	PgeSketch  *sketch = palloc0(VARHDRSZ + bytes + sizeof(PgeSketch));
	const char *wrong;

	pq_copymsgbytes(buffer, VARDATA(sketch), bytes);
	SET_VARSIZE(sketch, VARHDRSZ + bytes);
	wrong = what_is_wrong(sketch, kind);
	if (wrong != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary form of type %s", kinds[kind].name),
				 errdetail("%s", wrong)));
	PG_RETURN_POINTER(sketch);
}

static Datum
write_binary(FunctionCallInfo fcinfo)
{
	PgeSketch  *sketch = PG_GETARG_SKETCH(0);
	StringInfoData buffer;

	pq_begintypsend(&buffer);
	pq_sendbytes(&buffer, VARDATA(sketch), (int) (VARSIZE(sketch) - VARHDRSZ));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

#define SKETCH_FORMS(type, kind) \
PG_FUNCTION_INFO_V1(pge_##type##_in); \
Datum \
pge_##type##_in(PG_FUNCTION_ARGS) \
{ \
	return read_text(fcinfo, kind); \
} \
PG_FUNCTION_INFO_V1(pge_##type##_out); \
Datum \
pge_##type##_out(PG_FUNCTION_ARGS) \
{ \
	return write_text(fcinfo); \
} \
PG_FUNCTION_INFO_V1(pge_##type##_recv); \
Datum \
pge_##type##_recv(PG_FUNCTION_ARGS) \
{ \
	return read_binary(fcinfo, kind); \
} \
PG_FUNCTION_INFO_V1(pge_##type##_send); \
Datum \
pge_##type##_send(PG_FUNCTION_ARGS) \
{ \
	return write_binary(fcinfo); \
}

SKETCH_FORMS(hyperloglog, PGE_SKETCH_HYPERLOGLOG)
SKETCH_FORMS(uddsketch, PGE_SKETCH_UDDSKETCH)
SKETCH_FORMS(countersummary, PGE_SKETCH_COUNTER)
SKETCH_FORMS(gaugesummary, PGE_SKETCH_GAUGE)
SKETCH_FORMS(timeweightsummary, PGE_SKETCH_TIME_WEIGHT)
SKETCH_FORMS(stateagg, PGE_SKETCH_STATES)
