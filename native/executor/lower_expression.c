/*
 * Executor, lowering: expressions. Each node of an expression has a number, by which the engine can ask what PostgreSQL knows of it.
 * What the grammar has no word for is Other: PostgreSQL evaluates it.
 */
#include "postgres.h"

#include "catalog/pg_opfamily.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/pg_locale.h"
#include "utils/typcache.h"

#include "lower.h"
#include "timeseries/gapfill.h"

/* The number that an expression gets, or what else PostgreSQL is to be asked about. */
int
pge_expression_number(PgeLowering *lowering, PgeExpressionKind kind, Expr *expr, const PgeRawColumns *raw)
{
	PgeLowered *out = lowering->out;

	if (out->nexprs == lowering->expr_capacity)
	{
		lowering->expr_capacity *= 2;
		out->exprs = repalloc_array(out->exprs, PgeLoweredExpr, lowering->expr_capacity);
	}
	out->exprs[out->nexprs] = (PgeLoweredExpr) {.expr = expr,.kind = kind,.raw = raw};
	return out->nexprs++;
}

/* Kind, number and type. The type is that of the relabeling above, if there is one. */
static void
begin(PgeLowering *lowering, PgeExpressionKind kind, Expr *expr, Expr *typed, const PgeRawColumns *raw)
{
	pge_word(lowering, kind);
	pge_word(lowering, pge_expression_number(lowering, kind, expr, raw));
	pge_words_type_of(lowering, typed);
}

static int
param_number(PgeLowering *lowering, Param *param)
{
	int			number = 0;

	foreach_node(Param, known, lowering->out->params)
	{
		if (known->paramkind == param->paramkind && known->paramid == param->paramid)
			return number;
		number++;
	}
	lowering->out->params = lappend(lowering->out->params, param);
	return number;
}

/* The engine wants no TOAST pointers and nothing compressed. */
static Datum
flat_value(const Const *value)
{
	if (value->constisnull)
		return (Datum) 0;
	if (value->constlen == -1)
		return PointerGetDatum(PG_DETOAST_DATUM(value->constvalue));
	return value->constvalue;
}

/* PgeCallFlags of a function under a collation. */
static int
call_flags(Oid function, Oid collation)
{
	int			flags = func_strict(function) ? PgeCallFlags_Strict : 0;

	if (OidIsValid(collation) && get_collation_isdeterministic(collation))
		flags |= PgeCallFlags_Deterministic;
	if (OidIsValid(collation) && lc_collate_is_c(collation))
		flags |= PgeCallFlags_ByteOrder;
	if (OidIsValid(collation) && lc_ctype_is_c(collation))
		flags |= PgeCallFlags_AsciiCase;
	if (GetDatabaseEncoding() == PG_UTF8)
		flags |= PgeCallFlags_Utf8;
	return flags;
}

static void
lower_call(PgeLowering *lowering, Expr *expr, Expr *typed, Oid function, Oid collation, List *args, const PgeRawColumns *raw)
{
	PgeOwnFunction own = pge_own_function(function);

	begin(lowering, PgeExpressionKind_Call, expr, typed, raw);
	pge_word(lowering, own != PgeOwnFunction_None ? (i64) own : (i64) function);
	pge_word(lowering, collation);
	pge_word(lowering, call_flags(function, collation));
	pge_lower_expressions(lowering, args, raw);
}

static void
lower_bool(PgeLowering *lowering, BoolExpr *expr, Expr *typed, const PgeRawColumns *raw)
{
	switch (expr->boolop)
	{
		case NOT_EXPR:
			begin(lowering, PgeExpressionKind_Not, &expr->xpr, typed, raw);
			pge_lower_expression(lowering, linitial(expr->args), raw);
			break;
		case AND_EXPR:
		case OR_EXPR:
			begin(lowering, expr->boolop == AND_EXPR ? PgeExpressionKind_And : PgeExpressionKind_Or, &expr->xpr, typed, raw);
			pge_lower_expressions(lowering, expr->args, raw);
			break;
	}
}

/* NULLIF and IS DISTINCT FROM, by the operator for equal. */
static void
lower_equality(PgeLowering *lowering, PgeExpressionKind kind, OpExpr *expr, Expr *typed, const PgeRawColumns *raw)
{
	begin(lowering, kind, &expr->xpr, typed, raw);
	pge_word(lowering, expr->opfuncid);
	pge_word(lowering, expr->inputcollid);
	pge_lower_expression(lowering, linitial(expr->args), raw);
	pge_lower_expression(lowering, lsecond(expr->args), raw);
}

static void
lower_min_max(PgeLowering *lowering, MinMaxExpr *expr, Expr *typed, const PgeRawColumns *raw)
{
	TypeCacheEntry *type = lookup_type_cache(expr->minmaxtype, TYPECACHE_CMP_PROC);

	if (!OidIsValid(type->cmp_proc))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("could not identify a comparison function for type %s", format_type_be(expr->minmaxtype))));
	begin(lowering, PgeExpressionKind_MinMax, &expr->xpr, typed, raw);
	pge_word(lowering, expr->op == IS_GREATEST);
	pge_word(lowering, type->cmp_proc);
	pge_word(lowering, expr->inputcollid);
	pge_word(lowering, call_flags(type->cmp_proc, expr->inputcollid));
	pge_lower_expressions(lowering, expr->args, raw);
}

static bool
lower_array_compare(PgeLowering *lowering, ScalarArrayOpExpr *expr, Expr *typed, const PgeRawColumns *raw)
{
	Oid			element = get_base_element_type(exprType(lsecond(expr->args)));
	int16		length;
	bool		by_value;
	char		align;

	if (!OidIsValid(element))
		return false;
	get_typlenbyvalalign(element, &length, &by_value, &align);
	begin(lowering, PgeExpressionKind_ArrayCompare, &expr->xpr, typed, raw);
	pge_word(lowering, expr->useOr);
	pge_word(lowering, expr->opfuncid);
	pge_word(lowering, expr->inputcollid);
	pge_word(lowering, call_flags(expr->opfuncid, expr->inputcollid));
	pge_words_type(lowering, element, -1, expr->inputcollid);
	pge_word(lowering, align);
	pge_lower_expression(lowering, linitial(expr->args), raw);
	pge_lower_expression(lowering, lsecond(expr->args), raw);
	return true;
}

/* The subquery's one column, where it is compared; NULL: something else is. */
static const Param *
compared_param(Expr *expr)
{
	while (IsA(expr, RelabelType))
		expr = ((RelabelType *) expr)->arg;
	return IsA(expr, Param) ? (const Param *) expr : NULL;
}

/*
 * value = ANY (subquery), which PostgreSQL would hash: the engine asks for the subquery's rows itself, once, so nothing that changes while
 * it runs may be in it. One column, and an equality of one type or of integers, under which the engine's keys are equal as the operator
 * says.
 */
static bool
lower_subquery(PgeLowering *lowering, SubPlan *subquery, Expr *typed, const PgeRawColumns *raw)
{
	OpExpr	   *compare = (OpExpr *) subquery->testexpr;
	const Plan *plan = list_nth(lowering->estate->es_plannedstmt->subplans, subquery->plan_id - 1);
	const Param *param;
	Oid			left,
				right;

	if (subquery->subLinkType != ANY_SUBLINK || !subquery->useHashTable || subquery->args != NIL || !bms_is_empty(plan->extParam) ||
		list_length(subquery->paramIds) != 1 || !IsA(compare, OpExpr))
		return false;
	param = compared_param(lsecond(compare->args));
	if (param == NULL || param->paramkind != PARAM_EXEC || param->paramid != linitial_int(subquery->paramIds))
		return false;
	op_input_types(compare->opno, &left, &right);
	if (left != right && !op_in_opfamily(compare->opno, INTEGER_BTREE_FAM_OID))
		return false;
	begin(lowering, PgeExpressionKind_Subquery, (Expr *) subquery, typed, raw);
	pge_word(lowering, lowering->nsources + list_length(lowering->out->subqueries));
	pge_words_type_of(lowering, param);
	pge_words_equality(lowering, compare->opfuncid, compare->inputcollid);
	lowering->out->subqueries = lappend(lowering->out->subqueries, subquery);
	pge_lower_expression(lowering, linitial(compare->args), raw);
	return true;
}

static bool
lower_case(PgeLowering *lowering, CaseExpr *expr, Expr *typed, const PgeRawColumns *raw)
{
	List	   *conditions;
	ListCell   *condition;
	ListCell   *arm;

	if (!pge_case_conditions(expr, &conditions))
		return false;
	begin(lowering, PgeExpressionKind_Case, &expr->xpr, typed, raw);
	pge_word(lowering, list_length(conditions));
	forboth(condition, conditions, arm, expr->args)
	{
		pge_lower_expression(lowering, lfirst(condition), raw);
		pge_lower_expression(lowering, lfirst_node(CaseWhen, arm)->result, raw);
	}
	pge_lower_expression(lowering, expr->defresult, raw);
	return true;
}

/* What has a word of its own; false: nothing was written. */
static bool
lower_known(PgeLowering *lowering, Expr *expr, Expr *typed, const PgeRawColumns *raw)
{
	switch (nodeTag(expr))
	{
		case T_Var:
		case T_Aggref:
		case T_WindowFunc:
		case T_GroupingFunc:
			begin(lowering, PgeExpressionKind_Column, expr, typed, raw);
			pge_word(lowering, pge_raw_column(raw, (Node *) expr));
			return true;
		case T_Const:
			begin(lowering, PgeExpressionKind_Const, expr, typed, raw);
			pge_word(lowering, ((Const *) expr)->constisnull);
			pge_word(lowering, (i64) flat_value((Const *) expr));
			return true;
		case T_Param:
			begin(lowering, PgeExpressionKind_Param, expr, typed, raw);
			pge_word(lowering, param_number(lowering, (Param *) expr));
			return true;
		case T_FuncExpr:
			{
				FuncExpr   *call = pge_gapfill_bucket((FuncExpr *) expr);

				lower_call(lowering, (Expr *) call, typed, call->funcid, call->inputcollid, call->args, raw);
				return true;
			}
		case T_OpExpr:
			{
				OpExpr	   *call = (OpExpr *) expr;

				lower_call(lowering, expr, typed, call->opfuncid, call->inputcollid, call->args, raw);
				return true;
			}
		case T_BoolExpr:
			lower_bool(lowering, (BoolExpr *) expr, typed, raw);
			return true;
		case T_NullTest:
			if (((NullTest *) expr)->argisrow)
				return false;
			begin(lowering, ((NullTest *) expr)->nulltesttype == IS_NULL ? PgeExpressionKind_IsNull : PgeExpressionKind_IsNotNull,
				  expr, typed, raw);
			pge_lower_expression(lowering, ((NullTest *) expr)->arg, raw);
			return true;
		case T_BooleanTest:
			begin(lowering, PgeExpressionKind_BooleanTest, expr, typed, raw);
			pge_word(lowering, ((BooleanTest *) expr)->booltesttype);
			pge_lower_expression(lowering, ((BooleanTest *) expr)->arg, raw);
			return true;
		case T_CaseExpr:
			return lower_case(lowering, (CaseExpr *) expr, typed, raw);
		case T_CoalesceExpr:
			begin(lowering, PgeExpressionKind_Coalesce, expr, typed, raw);
			pge_lower_expressions(lowering, ((CoalesceExpr *) expr)->args, raw);
			return true;
		case T_MinMaxExpr:
			lower_min_max(lowering, (MinMaxExpr *) expr, typed, raw);
			return true;
		case T_NullIfExpr:
			lower_equality(lowering, PgeExpressionKind_NullIf, (OpExpr *) expr, typed, raw);
			return true;
		case T_DistinctExpr:
			lower_equality(lowering, PgeExpressionKind_Distinct, (OpExpr *) expr, typed, raw);
			return true;
		case T_ScalarArrayOpExpr:
			return lower_array_compare(lowering, (ScalarArrayOpExpr *) expr, typed, raw);
		case T_SubPlan:
			return lower_subquery(lowering, (SubPlan *) expr, typed, raw);
		default:
			return false;
	}
}

/* raw: what Vars, Aggrefs and WindowFuncs in it stand for; NULL where there can be none. */
void
pge_lower_expression(PgeLowering *lowering, Expr *expr, const PgeRawColumns *raw)
{
	Expr	   *typed = expr;

	check_stack_depth();
	while (IsA(expr, RelabelType))
		expr = ((RelabelType *) expr)->arg;
	if (!lower_known(lowering, expr, typed, raw))
		begin(lowering, PgeExpressionKind_Other, expr, typed, raw);
}

/* A list: the count, and the expressions. */
void
pge_lower_expressions(PgeLowering *lowering, List *exprs, const PgeRawColumns *raw)
{
	pge_word(lowering, list_length(exprs));
	foreach_ptr(Expr, expr, exprs)
		pge_lower_expression(lowering, expr, raw);
}
