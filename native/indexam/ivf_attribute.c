/*
 * epiphany_ivf: columns to filter by. Beside a vector's code lies, for each of them, a 64-bit integer: the value itself where integers
 * order its type, or else a hash of it, which tells only what is surely different.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "catalog/pg_type_d.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "ivf.h"

static bool
is_hashed(Relation index, int column)
{
	return OidIsValid(index_getprocid(index, column + 1, IVF_HASH_PROC));
}

/* Columns after the first one. */
void
pge_ivf_check_attributes(Relation index)
{
	int			columns = IndexRelationGetNumberOfKeyAttributes(index);

	if (columns - 1 > IVF_MAX_ATTRIBUTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("an epiphany_ivf index cannot have more than %d columns to filter by", IVF_MAX_ATTRIBUTES)));
	for (int i = 1; i < columns; i++)
		if (OidIsValid(index_getprocid(index, i + 1, PGE_VECTOR_INFO_PROC)))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("an epiphany_ivf index cannot have more than one column of a vector type"),
					 errhint("Columns after the first are for filters.")));
}

/* Types of operator classes that have no hash function. */
static int64
to_integer(Oid type, Datum value)
{
	switch (type)
	{
		case BOOLOID:
			return DatumGetBool(value);
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
			return DatumGetInt32(value);
		case DATEOID:
			return DatumGetDateADT(value);
		case INT8OID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return DatumGetInt64(value);
		default:
			elog(ERROR, "type %u has no integers in epiphany_ivf", type);
	}
}

static int64
to_key(Relation index, int column, Oid type, Datum value)
{
	if (is_hashed(index, column))
		return DatumGetInt64(FunctionCall2Coll(index_getprocinfo(index, column + 1, IVF_HASH_PROC), index->rd_indcollation[column],
											   value, Int64GetDatum(0)));
	return to_integer(OidIsValid(type) ? type : index->rd_opcintype[column], value);
}

void
pge_ivf_put_attributes(Relation index, Datum *values, bool *nulls, uint8 *record)
{
	int64	   *keys = (int64 *) (record + 8);

	record[7] = 0;
	for (int i = 1; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
	{
		if (nulls[i])
			record[7] |= 1 << (i - 1);
		keys[i - 1] = nulls[i] ? 0 : to_key(index, i, InvalidOid, values[i]);
	}
}

static int
compare_keys(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/* column = ANY (array) */
static bool
one_of(Relation index, ScanKey key, PgeIvfTest *test)
{
	ArrayType  *array = DatumGetArrayTypeP(key->sk_argument);
	Oid			type = ARR_ELEMTYPE(array);
	int16		length;
	bool		by_value;
	char		align;
	Datum	   *values;
	bool	   *nulls;
	int			count;

	get_typlenbyvalalign(type, &length, &by_value, &align);
	deconstruct_array(array, type, length, by_value, align, &values, &nulls, &count);
	test->Kind = PgeIvfTestKind_OneOf;
	test->Values = palloc(sizeof(int64) * Max(count, 1));
	test->Count = 0;
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			test->Values[test->Count++] = to_key(index, key->sk_attno - 1, key->sk_subtype, values[i]);
	qsort(test->Values, test->Count, sizeof(int64), compare_keys);
	return test->Count > 0;
}

/* column < value, and the like. Two tests of a column are two tests. */
static bool
range(Relation index, ScanKey key, PgeIvfTest *test)
{
	int64		value = to_key(index, key->sk_attno - 1, key->sk_subtype, key->sk_argument);

	test->Kind = PgeIvfTestKind_Range;
	test->Low = PG_INT64_MIN;
	test->High = PG_INT64_MAX;
	switch (key->sk_strategy)
	{
		case BTLessStrategyNumber:
			test->High = value - 1;
			return value > PG_INT64_MIN;
		case BTLessEqualStrategyNumber:
			test->High = value;
			return true;
		case BTEqualStrategyNumber:
			test->Low = test->High = value;
			return true;
		case BTGreaterEqualStrategyNumber:
			test->Low = value;
			return true;
		case BTGreaterStrategyNumber:
			test->Low = value + 1;
			return value < PG_INT64_MAX;
		default:
			elog(ERROR, "unknown strategy %d of epiphany_ivf", key->sk_strategy);
	}
}

bool
pge_ivf_tests(Relation index, ScanKey keys, int count, PgeIvfTest *tests, bool *recheck)
{
	*recheck = false;
	for (int i = 0; i < count; i++)
	{
		ScanKey		key = &keys[i];
		bool		possible;

		if (key->sk_flags & SK_ISNULL)
			return false;
		memset(&tests[i], 0, sizeof(PgeIvfTest));
		tests[i].Attribute = key->sk_attno - 2;
		*recheck |= is_hashed(index, key->sk_attno - 1);
		if ((key->sk_flags & SK_SEARCHARRAY) && key->sk_strategy != BTEqualStrategyNumber)
		{
			/* Rare enough to leave to the recheck. */
			tests[i].Kind = PgeIvfTestKind_Range;
			tests[i].Low = PG_INT64_MIN;
			tests[i].High = PG_INT64_MAX;
			*recheck = true;
			continue;
		}
		possible = (key->sk_flags & SK_SEARCHARRAY) ? one_of(index, key, &tests[i]) : range(index, key, &tests[i]);
		if (!possible)
			return false;
	}
	return true;
}
