/*
 * Functions of SQL that need to know who calls them: F(...) calls F_for(caller, ...), which users cannot call, and which may be SECURITY
 * DEFINER, where the language itself no longer knows the caller. Of an argument "any", which SQL's languages cannot take, F_for gets
 * its text and its type; the text of a NULL is NULL, and a literal without a type is of type unknown.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "timeseries.h"

PG_FUNCTION_INFO_V1(pge_call_for);

typedef struct Target
{
	FmgrInfo	function;
	int			nargs;			/* of F */
	bool		any[FUNC_MAX_ARGS];
} Target;

static Target *
find_target(FmgrInfo *caller)
{
	Target	   *target = MemoryContextAllocZero(caller->fn_mcxt, sizeof(Target));
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(caller->fn_oid));
	Form_pg_proc proc;
	Oid			types[FUNC_MAX_ARGS] = {OIDOID};
	int			ntypes = 1;
	List	   *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", caller->fn_oid);
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	name = list_make2(makeString(get_namespace_name(proc->pronamespace)), makeString(psprintf("%s_for", NameStr(proc->proname))));
	target->nargs = proc->pronargs;
	for (int i = 0; i < proc->pronargs; i++)
	{
		target->any[i] = proc->proargtypes.values[i] == ANYOID;
		types[ntypes++] = target->any[i] ? TEXTOID : proc->proargtypes.values[i];
		if (target->any[i])
			types[ntypes++] = REGTYPEOID;
	}
	ReleaseSysCache(tuple);
	fmgr_info_cxt(LookupFuncName(name, ntypes, types, false), &target->function, caller->fn_mcxt);
	caller->fn_extra = target;
	return target;
}

static char *
as_text(Oid type, Datum value)
{
	Oid			output;
	bool		varlena;

	if (type == UNKNOWNOID)
		return DatumGetCString(value);
	getTypeOutputInfo(type, &output, &varlena);
	return OidOutputFunctionCall(output, value);
}

/* Set-returning functions share the caller's place for results. */
Datum
pge_call_for(PG_FUNCTION_ARGS)
{
	Target	   *target = fcinfo->flinfo->fn_extra ? fcinfo->flinfo->fn_extra : find_target(fcinfo->flinfo);
	LOCAL_FCINFO(call, FUNC_MAX_ARGS);
	int			n = 0;
	Datum		result;

	InitFunctionCallInfoData(*call, &target->function, target->function.fn_nargs, fcinfo->fncollation, NULL, fcinfo->resultinfo);
	call->args[n++] = (NullableDatum) {ObjectIdGetDatum(GetUserId()), false};
	for (int i = 0; i < target->nargs; i++)
	{
		NullableDatum arg = fcinfo->args[i];

		if (target->any[i])
		{
			Oid			type = get_fn_expr_argtype(fcinfo->flinfo, i);

			call->args[n++] = (NullableDatum) {arg.isnull ? (Datum) 0 : CStringGetTextDatum(as_text(type, arg.value)), arg.isnull};
			call->args[n++] = (NullableDatum) {ObjectIdGetDatum(type), false};
		}
		else
			call->args[n++] = arg;
	}
	Assert(n == target->function.fn_nargs);
	result = FunctionCallInvoke(call);
	fcinfo->isnull = call->isnull;
	return result;
}
