/*
 * sparsevec: text and binary form, type modifier.
 *
 * Text is {index:number, ...}/dimensions, indices from 1, in any order, zeros allowed and dropped. Binary is three int32, dimensions,
 * number of elements and a zero, then the indices, from 0 and ascending, then the values, none zero; all in network order.
 */
#include "postgres.h"

#include <limits.h>

#include "common/shortest_dec.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"

#include "vector.h"

typedef struct Element
{
	int32		index;
	float		value;
} Element;

static int
compare_elements(const void *a, const void *b)
{
	int32		left = ((const Element *) a)->index;
	int32		right = ((const Element *) b)->index;

	return (left > right) - (left < right);
}

/* Fills elements and says how many, or -1 after a soft error. */
static int
read_elements(PgeVectorText *text, Element *elements)
{
	int			count = 0;

	pge_text_skip_space(text);
	if (*text->at != '{')
	{
		pge_text_refuse(text, "Vector contents must start with \"{\".");
		return -1;
	}
	text->at++;
	pge_text_skip_space(text);
	if (*text->at == '}')
	{
		text->at++;
		return 0;
	}
	for (;;)
	{
		Element    *element = &elements[count];

		if (!pge_text_read_integer(text, &element->index))
			return -1;
		/* From 1 to from 0; the least stays out of bounds without running over. */
		element->index = Max(element->index, INT_MIN + 1) - 1;
		pge_text_skip_space(text);
		if (*text->at != ':')
		{
			pge_text_refuse(text, NULL);
			return -1;
		}
		text->at++;
		if (!pge_text_read_number(text, true, &element->value))
			return -1;
		count += element->value != 0;
		pge_text_skip_space(text);
		if (*text->at == '}')
			break;
		if (*text->at != ',')
		{
			pge_text_refuse(text, NULL);
			return -1;
		}
		text->at++;
	}
	text->at++;
	return count;
}

static bool
read_dims(PgeVectorText *text, int32 typmod, int32 *dims)
{
	pge_text_skip_space(text);
	if (*text->at != '/')
		return pge_text_refuse(text, "Unexpected end of input.");
	text->at++;
	if (!pge_text_read_integer(text, dims))
		return false;
	pge_text_skip_space(text);
	if (*text->at != '\0')
		return pge_text_refuse(text, "Junk after closing.");
	return pge_vector_check_dims(text->type, *dims, text->escontext) && pge_vector_check_typmod(typmod, *dims, text->escontext);
}

PG_FUNCTION_INFO_V1(pge_sparsevec_in);
Datum
pge_sparsevec_in(PG_FUNCTION_ARGS)
{
	const char *literal = PG_GETARG_CSTRING(0);
	PgeVectorText text = {&pge_sparsevec_type, literal, literal, fcinfo->context};
	int			room = pge_text_count_elements(literal);
	Element    *elements;
	int			count;
	int32		dims;
	PgeSparse  *result;

	if (room > SPARSE_MAX_ELEMENTS)
		ereturn(fcinfo->context, (Datum) 0,
				errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				errmsg("sparsevec cannot have more than %d non-zero elements", SPARSE_MAX_ELEMENTS));
	elements = palloc_array(Element, room);
	count = read_elements(&text, elements);
	if (count < 0 || !read_dims(&text, PG_GETARG_INT32(2), &dims))
		PG_RETURN_NULL();

	qsort(elements, count, sizeof(Element), compare_elements);
	result = pge_sparse_make(dims, count);
	for (int i = 0; i < count; i++)
	{
		result->indices[i] = elements[i].index;
		pge_sparse_values(result)[i] = elements[i].value;
		if (!pge_sparse_check_index(result->indices, i, dims, fcinfo->context))
			PG_RETURN_NULL();
	}
	pfree(elements);
	PG_RETURN_POINTER(result);
}

PG_FUNCTION_INFO_V1(pge_sparsevec_out);
Datum
pge_sparsevec_out(PG_FUNCTION_ARGS)
{
	PgeSparse  *vector = PG_GETARG_SPARSE(0);
	/* An index and the dimensions have 11 characters at most, and there are separators. */
	char	   *text = palloc((Size) vector->count * (FLOAT_SHORTEST_DECIMAL_LEN + 12) + 15);
	char	   *at = text;

	*at++ = '{';
	for (int i = 0; i < vector->count; i++)
	{
		if (i > 0)
			*at++ = ',';
		at += pg_ltoa(vector->indices[i] + 1, at);
		*at++ = ':';
		at += float_to_shortest_decimal_bufn(pge_sparse_values(vector)[i], at);
	}
	*at++ = '}';
	*at++ = '/';
	pg_ltoa(vector->dims, at);
	PG_FREE_IF_COPY(vector, 0);
	PG_RETURN_CSTRING(text);
}

PG_FUNCTION_INFO_V1(pge_sparsevec_typmod_in);
Datum
pge_sparsevec_typmod_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(pge_vector_read_typmod(&pge_sparsevec_type, PG_GETARG_ARRAYTYPE_P(0)));
}

PG_FUNCTION_INFO_V1(pge_sparsevec_recv);
Datum
pge_sparsevec_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int32		dims = pq_getmsgint(message, sizeof(int32));
	int32		count = pq_getmsgint(message, sizeof(int32));
	int32		unused = pq_getmsgint(message, sizeof(int32));
	PgeSparse  *result;
	float	   *values;

	pge_vector_check_dims(&pge_sparsevec_type, dims, NULL);
	pge_sparse_check_count(count, dims);
	pge_vector_check_typmod(PG_GETARG_INT32(2), dims, NULL);
	pge_vector_check_unused(unused);

	result = pge_sparse_make(dims, count);
	values = pge_sparse_values(result);
	for (int i = 0; i < count; i++)
	{
		result->indices[i] = pq_getmsgint(message, sizeof(int32));
		pge_sparse_check_index(result->indices, i, dims, NULL);
	}
	for (int i = 0; i < count; i++)
	{
		values[i] = pq_getmsgfloat4(message);
		pge_vector_check_element(&pge_sparsevec_type, values[i], NULL);
		if (values[i] == 0)
			ereport(ERROR,
					errcode(ERRCODE_DATA_EXCEPTION),
					errmsg("binary representation of sparsevec cannot contain zero values"));
	}
	PG_RETURN_POINTER(result);
}

PG_FUNCTION_INFO_V1(pge_sparsevec_send);
Datum
pge_sparsevec_send(PG_FUNCTION_ARGS)
{
	PgeSparse  *vector = PG_GETARG_SPARSE(0);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendint32(&message, vector->dims);
	pq_sendint32(&message, vector->count);
	pq_sendint32(&message, vector->unused);
	for (int i = 0; i < vector->count; i++)
		pq_sendint32(&message, vector->indices[i]);
	for (int i = 0; i < vector->count; i++)
		pq_sendfloat4(&message, pge_sparse_values(vector)[i]);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}
