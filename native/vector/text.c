/*
 * Text of vectors: the parts that all types have. Errors are soft where the caller's context wants them so.
 */
#include "postgres.h"

#include <limits.h>

#include "parser/scansup.h"
#include "port.h"
#include "utils/builtins.h"

#include "vector.h"

void
pge_text_skip_space(PgeVectorText *text)
{
	while (scanner_isspace(*text->at))
		text->at++;
}

/* Always false. */
bool
pge_text_refuse(PgeVectorText *text, const char *detail)
{
	ereturn(text->escontext, false,
			errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			errmsg("invalid input syntax for type %s: \"%s\"", text->type->name, text->literal),
			detail ? errdetail("%s", detail) : 0);
}

/* A number that ends where the text is; always false. */
static bool
refuse_number(PgeVectorText *text, const char *start)
{
	ereturn(text->escontext, false,
			errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			errmsg("\"%s\" is out of range for type %s", pnstrdup(start, text->at - start), text->type->name));
}

/*
 * Plain decimals of up to 15 digits: both the digits and the power of ten are exact as doubles, so the quotient is the double next to the
 * number, and rounds to the float next to it, unless it lies just between two floats: which way then, the digits that were rounded off
 * would have to say. False for that and for all else: nothing is read then.
 */
static bool
read_plain_number(PgeVectorText *text, float *value)
{
	static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
	const uint64 rest = ((uint64) 1 << (52 - 23)) - 1;
	const char *at = text->at;
	bool		negative = *at == '-';
	uint64		digits = 0;
	int			count = 0;
	int			decimals = 0;
	bool		point = false;
	double		number;
	uint64		bits;

	for (at += negative;; at++)
	{
		if (*at >= '0' && *at <= '9')
		{
			digits = digits * 10 + (*at - '0');
			decimals += point;
			if (++count > 15)
				return false;
		}
		else if (*at == '.' && !point)
			point = true;
		else
			break;
	}
	if (count == 0 || (*at != ',' && *at != ']' && *at != '}'))
		return false;
	number = digits / powers[decimals];
	memcpy(&bits, &number, sizeof(bits));
	if ((bits & rest) == (rest + 1) / 2)
		return false;
	*value = (float) (negative ? -number : number);
	text->at = at;
	return true;
}

/*
 * A number as strtof() reads it: in one rounding, which a double in between would not be. The server's LC_NUMERIC is C.
 */
bool
pge_text_read_number(PgeVectorText *text, bool underflow_is_error, float *value)
{
	const char *start = text->at;

	if (!read_plain_number(text, value))
	{
		char	   *end;

		errno = 0;
		*value = strtof(start, &end);
		if (end == start)
			return pge_text_refuse(text, NULL);
		text->at = end;
		if (errno == ERANGE && (isinf(*value) || (underflow_is_error && *value == 0)))
			return refuse_number(text, start);
	}
	if (fabsf(*value) >= text->type->overflow && !isinf(*value))
		return refuse_number(text, start);
	return pge_vector_check_element(text->type, *value, text->escontext);
}

/* What does not fit becomes the nearest that does: a check of the range follows. */
bool
pge_text_read_integer(PgeVectorText *text, int32 *value)
{
	char	   *end;
	long		number = strtol(text->at, &end, 10);

	if (end == text->at)
		return pge_text_refuse(text, NULL);
	*value = number > INT_MAX ? INT_MAX : number < INT_MIN ? INT_MIN : (int32) number;
	text->at = end;
	return true;
}

/* As many as there can be. */
int
pge_text_count_elements(const char *literal)
{
	int			count = 1;

	while ((literal = strchr(literal, ',')) != NULL)
	{
		literal++;
		count++;
	}
	return count;
}

int32
pge_vector_read_typmod(const PgeVectorType *type, ArrayType *words)
{
	int			count;
	int32	   *numbers = ArrayGetIntegerTypmods(words, &count);

	if (count != 1)
		ereport(ERROR,
				errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("invalid type modifier"));
	if (*numbers < 1)
		ereport(ERROR,
				errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("dimensions for type %s must be at least 1", type->name));
	if (*numbers > type->max_dims)
		ereport(ERROR,
				errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("dimensions for type %s cannot exceed %d", type->name, type->max_dims));
	return *numbers;
}
