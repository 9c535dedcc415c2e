/*
 * Vector types: which functions of PostgreSQL's catalog are distances. Functions of an extension have no OID of their own; what they are is
 * told by the C function that they call.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_language_d.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type_d.h"
#include "utils/syscache.h"

#include "distance.h"
#include "vector.h"

extern Datum pge_vector_l2_distance(PG_FUNCTION_ARGS);
extern Datum pge_vector_negative_inner_product(PG_FUNCTION_ARGS);
extern Datum pge_vector_cosine_distance(PG_FUNCTION_ARGS);
extern Datum pge_vector_l1_distance(PG_FUNCTION_ARGS);
extern Datum pge_halfvec_l2_distance(PG_FUNCTION_ARGS);
extern Datum pge_halfvec_negative_inner_product(PG_FUNCTION_ARGS);
extern Datum pge_halfvec_cosine_distance(PG_FUNCTION_ARGS);
extern Datum pge_halfvec_l1_distance(PG_FUNCTION_ARGS);

static const struct
{
	PGFunction	function;
	PgeVectorDistance distance;
	PgeVectorElement element;
}			distances[] =
{
	{pge_vector_l2_distance, PgeVectorDistance_L2, PgeVectorElement_Float32},
	{pge_vector_negative_inner_product, PgeVectorDistance_NegativeInnerProduct, PgeVectorElement_Float32},
	{pge_vector_cosine_distance, PgeVectorDistance_Cosine, PgeVectorElement_Float32},
	{pge_vector_l1_distance, PgeVectorDistance_L1, PgeVectorElement_Float32},
	{pge_halfvec_l2_distance, PgeVectorDistance_L2, PgeVectorElement_Float16},
	{pge_halfvec_negative_inner_product, PgeVectorDistance_NegativeInnerProduct, PgeVectorElement_Float16},
	{pge_halfvec_cosine_distance, PgeVectorDistance_Cosine, PgeVectorElement_Float16},
	{pge_halfvec_l1_distance, PgeVectorDistance_L1, PgeVectorElement_Float16},
};

/* Does a function of C's take two arguments and give a float8? Others are not looked up: that may load their libraries. */
static bool
may_be_distance(Oid function)
{
	HeapTuple	tuple;
	Form_pg_proc form;
	bool		may_be;

	if (function < FirstNormalObjectId)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	form = (Form_pg_proc) GETSTRUCT(tuple);
	may_be = form->prolang == ClanguageId && form->pronargs == 2 && form->prorettype == FLOAT8OID && form->proisstrict &&
		!OidIsValid(form->prosupport) && !form->prosecdef;
	ReleaseSysCache(tuple);
	return may_be;
}

bool
pge_is_vector_distance(Oid function, PgeVectorDistance *distance, PgeVectorElement *element)
{
	FmgrInfo	info;

	if (!may_be_distance(function))
		return false;
	fmgr_info(function, &info);
	for (int i = 0; i < lengthof(distances); i++)
	{
		if (distances[i].function == info.fn_addr)
		{
			*distance = distances[i].distance;
			*element = distances[i].element;
			return true;
		}
	}
	return false;
}
