/*
 * Indexes of vectors: columns to filter by, which come after the vector. Beside a vector's code lies, for each of them, a 64-bit integer:
 * the value itself where integers order its type, or else a hash of it, which tells only what is surely different.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_type_d.h"
#include "commands/defrem.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "attributes.h"
#include "vector_index.h"

static bool
is_hashed(Relation index, int column)
{
	return OidIsValid(index_getprocid(index, column + 1, PGE_ATTRIBUTE_HASH_PROC));
}

int
pge_count_attributes(Relation index)
{
	const char *method = get_am_name(index->rd_rel->relam);
	int			count = IndexRelationGetNumberOfKeyAttributes(index) - 1;

	if (count > PGE_MAX_ATTRIBUTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("an %s index cannot have more than %d columns to filter by", method, PGE_MAX_ATTRIBUTES)));
	for (int i = 1; i <= count; i++)
		if (OidIsValid(index_getprocid(index, i + 1, PGE_VECTOR_INFO_PROC)))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("an %s index cannot have more than one column of a vector type", method),
					 errhint("Columns after the first are for filters.")));
	return count;
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
			elog(ERROR, "type %u has no integers to filter by", type);
	}
}

static int64
to_key(Relation index, int column, Oid type, Datum value)
{
	if (is_hashed(index, column))
		return DatumGetInt64(FunctionCall2Coll(index_getprocinfo(index, column + 1, PGE_ATTRIBUTE_HASH_PROC),
											   index->rd_indcollation[column], value, Int64GetDatum(0)));
	return to_integer(OidIsValid(type) ? type : index->rd_opcintype[column], value);
}

uint8
pge_attribute_keys(Relation index, Datum *values, bool *nulls, int64 *keys)
{
	uint8		null_keys = 0;

	for (int i = 1; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
	{
		if (nulls[i])
			null_keys |= 1 << (i - 1);
		keys[i - 1] = nulls[i] ? 0 : to_key(index, i, InvalidOid, values[i]);
	}
	return null_keys;
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
one_of(Relation index, ScanKey key, PgeAttributeTest *test)
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
	test->Kind = PgeAttributeTestKind_OneOf;
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
range(Relation index, ScanKey key, PgeAttributeTest *test)
{
	int64		value = to_key(index, key->sk_attno - 1, key->sk_subtype, key->sk_argument);

	test->Kind = PgeAttributeTestKind_Range;
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
			elog(ERROR, "unknown strategy %d of a column to filter by", key->sk_strategy);
	}
}

bool
pge_attribute_tests(Relation index, ScanKey keys, int count, PgeAttributeTest *tests, bool *recheck)
{
	*recheck = false;
	for (int i = 0; i < count; i++)
	{
		ScanKey		key = &keys[i];
		bool		possible;

		if (key->sk_flags & SK_ISNULL)
			return false;
		memset(&tests[i], 0, sizeof(PgeAttributeTest));
		tests[i].Attribute = key->sk_attno - 2;
		*recheck |= is_hashed(index, key->sk_attno - 1);
		if ((key->sk_flags & SK_SEARCHARRAY) && key->sk_strategy != BTEqualStrategyNumber)
		{
			/* Rare enough to leave to the recheck. */
			tests[i].Kind = PgeAttributeTestKind_Range;
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

static bool
is_one_of(const PgeAttributeTest *test, int64 key)
{
	i64			low = 0;

	for (i64 high = test->Count; low < high;)
	{
		i64			middle = (low + high) / 2;

		if (test->Values[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < test->Count && test->Values[low] == key;
}

void
pge_attribute_test(const PgeAttributeTest *test, const int64 *keys, const uint8 *null_keys, int count, uint8 *met)
{
	if (test->Kind == PgeAttributeTestKind_Range)
		for (int i = 0; i < count; i++)
			met[i] &= (keys[i] >= test->Low) & (keys[i] <= test->High);
	else
		for (int i = 0; i < count; i++)
			met[i] &= is_one_of(test, keys[i]);
	for (int i = 0; i < count; i++)
		met[i] &= ~(null_keys[i] >> test->Attribute) & 1;
}

static bool
complain(const char *what, Form_pg_opclass class)
{
	ereport(INFO,
			(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
			 errmsg("operator class \"%s\" of access method %s %s", NameStr(class->opcname), get_am_name(class->opcmethod), what)));
	return false;
}

bool
pge_vector_validate_class(Oid opclass)
{
	HeapTuple	tuple = SearchSysCache1(CLAOID, ObjectIdGetDatum(opclass));
	Form_pg_opclass class = (Form_pg_opclass) GETSTRUCT(tuple);
	CatCList   *operators = SearchSysCacheList1(AMOPSTRATEGY, ObjectIdGetDatum(class->opcfamily));
	bool		vectors = OidIsValid(get_opfamily_proc(class->opcfamily, class->opcintype, class->opcintype, PGE_VECTOR_INFO_PROC));
	bool		hashed = OidIsValid(get_opfamily_proc(class->opcfamily, class->opcintype, class->opcintype, PGE_ATTRIBUTE_HASH_PROC));
	bool		valid = true;
	bool		any = false;

	if (vectors && hashed)
		valid = complain("is both for vectors and to filter by", class);
	for (int i = 0; i < operators->n_members; i++)
	{
		Form_pg_amop operator = (Form_pg_amop) GETSTRUCT(&operators->members[i]->tuple);
		bool		orders = operator->amoppurpose == AMOP_ORDER;

		any |= operator->amoplefttype == class->opcintype;
		if (orders != vectors)
			valid = complain("has an operator of the wrong purpose", class);
		if (orders && operator->amopstrategy != PGE_VECTOR_DISTANCE_STRATEGY)
			valid = complain("has an ordering operator with an unknown strategy number", class);
		if (hashed && operator->amopstrategy != BTEqualStrategyNumber)
			valid = complain("has an operator that hashes cannot answer", class);
	}
	if (!any)
		valid = complain("has no operators", class);
	ReleaseCatCacheList(operators);
	ReleaseSysCache(tuple);
	return valid;
}
