/*
 * vector and halfvec: text and binary form, type modifier.
 *
 * Text is [number, ...]. Binary is two int16, the dimensions and a zero, then the elements; both in network order.
 */
#include "postgres.h"

#include "common/shortest_dec.h"
#include "libpq/pqformat.h"

#include "vector.h"

/* NULL after a soft error. */
static PgeDense *
read_text(PgeVectorText *text, int32 typmod)
{
	int			room = Min(pge_text_count_elements(text->literal), DENSE_MAX_DIMS);
	PgeDense   *result = pge_dense_make(text->type, room);
	int			dims = 0;

	pge_text_skip_space(text);
	if (*text->at != '[')
	{
		pge_text_refuse(text, "Vector contents must start with \"[\".");
		return NULL;
	}
	text->at++;
	pge_text_skip_space(text);
	if (*text->at == ']')
	{
		pge_vector_check_dims(text->type, 0, text->escontext);
		return NULL;
	}
	for (;;)
	{
		float		value;

		if (dims == room)
		{
			pge_vector_check_dims(text->type, dims + 1, text->escontext);
			return NULL;
		}
		if (!pge_text_read_number(text, false, &value))
			return NULL;
		pge_dense_set(text->type, result, dims++, value);
		pge_text_skip_space(text);
		if (*text->at == ']')
			break;
		if (*text->at != ',')
		{
			pge_text_refuse(text, NULL);
			return NULL;
		}
		text->at++;
	}
	text->at++;
	pge_text_skip_space(text);
	if (*text->at != '\0')
	{
		pge_text_refuse(text, "Junk after closing right brace.");
		return NULL;
	}
	if (!pge_vector_check_typmod(typmod, dims, text->escontext))
		return NULL;

	result->dims = dims;
	SET_VARSIZE(result, offsetof(PgeDense, values) + dims * text->type->size);
	return result;
}

PGE_DENSE_FUNCTION(in)
{
	const char *literal = PG_GETARG_CSTRING(0);
	PgeVectorText text = {type, literal, literal, fcinfo->context};
	PgeDense   *result = read_text(&text, PG_GETARG_INT32(2));

	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(result);
}

PGE_DENSE_FUNCTION(out)
{
	PgeDense   *vector = PG_GETARG_DENSE(0);
	char	   *text = palloc((Size) vector->dims * FLOAT_SHORTEST_DECIMAL_LEN + 3);
	char	   *at = text;

	*at++ = '[';
	for (int i = 0; i < vector->dims; i++)
	{
		if (i > 0)
			*at++ = ',';
		at += float_to_shortest_decimal_bufn(pge_dense_get(type, vector, i), at);
	}
	*at++ = ']';
	*at = '\0';
	PG_FREE_IF_COPY(vector, 0);
	PG_RETURN_CSTRING(text);
}

PGE_DENSE_FUNCTION(typmod_in)
{
	PG_RETURN_INT32(pge_vector_read_typmod(type, PG_GETARG_ARRAYTYPE_P(0)));
}

PGE_DENSE_FUNCTION(recv)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			dims = pq_getmsgint(message, sizeof(int16));
	int			unused = pq_getmsgint(message, sizeof(int16));
	PgeDense   *result;

	pge_vector_check_dims(type, dims, NULL);
	pge_vector_check_typmod(PG_GETARG_INT32(2), dims, NULL);
	pge_vector_check_unused(unused);

	result = pge_dense_make(type, dims);
	for (int i = 0; i < dims; i++)
	{
		if (type->element == PgeVectorElement_Float16)
			pge_dense_halves(result)[i] = pq_getmsgint(message, sizeof(half));
		else
			pge_dense_floats(result)[i] = pq_getmsgfloat4(message);
		pge_vector_check_element(type, pge_dense_get(type, result, i), NULL);
	}
	PG_RETURN_POINTER(result);
}

PGE_DENSE_FUNCTION(send)
{
	PgeDense   *vector = PG_GETARG_DENSE(0);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendint16(&message, vector->dims);
	pq_sendint16(&message, vector->unused);
	for (int i = 0; i < vector->dims; i++)
	{
		if (type->element == PgeVectorElement_Float16)
			pq_sendint16(&message, pge_dense_halves(vector)[i]);
		else
			pq_sendfloat4(&message, pge_dense_floats(vector)[i]);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}
