/*
 * Executor: bounds for zone maps. Knows for which types the order of btree is one that zone maps keep, and turns the right side of an
 * operator into a range that holds every value for which the operator can be true. Wider is allowed, narrower is not.
 */
#include "postgres.h"

#include <math.h>

#include "access/stratnum.h"
#include "catalog/pg_type_d.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/pg_locale.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"
#include "utils/uuid.h"

#include "zones.h"

/* A bpchar equals itself with any number of blanks behind it; this many are beyond all that a zone map keeps of a string. */
#define BLANKS	64

/* Days that a timestamp can surely be made of. */
#define MAX_TIMESTAMP_DAY	100000000

/* The order in which zone maps compare a type's values as its btree operators do; 0: none. */
static PgeZoneOrder
order_of(Oid type)
{
	switch (type)
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case DATEOID:
		case TIMEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case CASHOID:
			return PgeZoneOrder_Integers;
		case FLOAT4OID:
		case FLOAT8OID:
			return PgeZoneOrder_Floats;
		case NUMERICOID:
			return PgeZoneOrder_Numeric;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case BYTEAOID:
		case UUIDOID:
			return PgeZoneOrder_Bytes;
		default:
			return 0;
	}
}

/* Can a value of the one type bound a column of the other? */
static bool
comparable(Oid type, Oid value_type)
{
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return value_type == INT2OID || value_type == INT4OID || value_type == INT8OID;
		case FLOAT4OID:
		case FLOAT8OID:
			return value_type == FLOAT4OID || value_type == FLOAT8OID;
		case DATEOID:
		case TIMESTAMPOID:
			return value_type == DATEOID || value_type == TIMESTAMPOID;
		case VARCHAROID:
			return value_type == TEXTOID;
		default:
			return value_type == type;
	}
}

/* Fills *column if "column operator value" can be asked of zone maps. */
bool
pge_zone_column(Oid type, Oid operator_id, Oid collation, PgeZoneColumn *column)
{
	Oid			family;
	Oid			left;

	column->type = getBaseType(type);
	column->order = order_of(column->type);
	if (column->order == 0)
		return false;
	family = lookup_type_cache(column->type, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
	if (!OidIsValid(family))
		return false;
	column->strategy = get_op_opfamily_strategy(operator_id, family);
	if (column->strategy == 0)
		return false;
	op_input_types(operator_id, &left, &column->value_type);
	if (!comparable(column->type, column->value_type))
		return false;
	if (!OidIsValid(collation))
		return true;
	/* Zone maps know bytes, not what a collation makes of them. */
	if (column->strategy == BTEqualStrategyNumber)
		return get_collation_isdeterministic(collation);
	return column->type != BPCHAROID && lc_collate_is_c(collation);
}

static bool
integer_range(const PgeZoneColumn *column, Datum value, PgeZoneRange *range)
{
	int			strategy = column->strategy;
	int64		bound;

	switch (column->value_type)
	{
		case BOOLOID:
			bound = DatumGetBool(value);
			break;
		case INT2OID:
			bound = DatumGetInt16(value);
			break;
		case INT4OID:
			bound = DatumGetInt32(value);
			break;
		case DATEOID:
			bound = DatumGetDateADT(value);
			if (column->type == TIMESTAMPOID)
			{
				if (bound < -MAX_TIMESTAMP_DAY || bound > MAX_TIMESTAMP_DAY)
					return false;
				bound *= USECS_PER_DAY;
			}
			break;
		case TIMESTAMPOID:
			bound = DatumGetTimestamp(value);
			if (column->type == DATEOID)
			{
				int64		rest = bound % USECS_PER_DAY;

				if (TIMESTAMP_NOT_FINITE(bound))
					return false;
				bound = bound / USECS_PER_DAY - (rest < 0);
				/* The day has begun by then. */
				if (rest != 0 && strategy == BTLessStrategyNumber)
					strategy = BTLessEqualStrategyNumber;
				if (rest != 0 && strategy == BTGreaterEqualStrategyNumber)
					strategy = BTGreaterStrategyNumber;
			}
			break;
		default:
			bound = DatumGetInt64(value);
			break;
	}

	range->Low = (u64) PG_INT64_MIN;
	range->High = (u64) PG_INT64_MAX;
	switch (strategy)
	{
		case BTLessStrategyNumber:
			range->High = (u64) (bound > PG_INT64_MIN ? bound - 1 : bound);
			break;
		case BTLessEqualStrategyNumber:
			range->High = (u64) bound;
			break;
		case BTEqualStrategyNumber:
			range->Low = range->High = (u64) bound;
			break;
		case BTGreaterEqualStrategyNumber:
			range->Low = (u64) bound;
			break;
		case BTGreaterStrategyNumber:
			range->Low = (u64) (bound < PG_INT64_MAX ? bound + 1 : bound);
			break;
	}
	return true;
}

static void
float_range(const PgeZoneColumn *column, Datum value, PgeZoneRange *range)
{
	float8		bound = column->value_type == FLOAT4OID ? DatumGetFloat4(value) : DatumGetFloat8(value);
	float8		low = column->strategy >= BTEqualStrategyNumber ? bound : -get_float8_infinity();
	float8		high = column->strategy <= BTEqualStrategyNumber ? bound : get_float8_nan();

	memcpy(&range->Low, &low, sizeof(low));
	memcpy(&range->High, &high, sizeof(high));
}

static void
bytes_range(const PgeZoneColumn *column, Datum value, PgeZoneRange *range)
{
	u8		   *low;
	u8		   *high;
	int			low_length;
	int			high_length;

	if (column->type == UUIDOID)
	{
		low = (u8 *) DatumGetUUIDP(value)->data;
		low_length = UUID_LEN;
	}
	else
	{
		struct varlena *bytes = PG_DETOAST_DATUM_PACKED(value);

		low = (u8 *) VARDATA_ANY(bytes);
		low_length = VARSIZE_ANY_EXHDR(bytes);
	}
	high = low;
	high_length = low_length;
	if (column->type == BPCHAROID)
	{
		while (low_length > 0 && low[low_length - 1] == ' ')
			low_length--;
		high_length = low_length + BLANKS;
		high = palloc(high_length);
		memcpy(high, low, low_length);
		memset(high + low_length, ' ', BLANKS);
	}
	if (column->strategy >= BTEqualStrategyNumber)
	{
		range->LowBytes = low;
		range->LowLength = low_length;
	}
	if (column->strategy <= BTEqualStrategyNumber)
	{
		range->HighBytes = high;
		range->HighLength = high_length;
	}
}

/* The range that "column operator value" allows; bytes may lie in the value itself. False if nothing can be said. */
bool
pge_zone_range(const PgeZoneColumn *column, Datum value, PgeZoneRange *range)
{
	memset(range, 0, sizeof(*range));
	switch (column->order)
	{
		case PgeZoneOrder_Integers:
			return integer_range(column, value, range);
		case PgeZoneOrder_Floats:
			float_range(column, value, range);
			return true;
		default:
			/* A NUMERIC's payload is what follows its header, too. */
			bytes_range(column, value, range);
			return true;
	}
}
