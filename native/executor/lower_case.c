/*
 * Executor, lowering: CASE value WHEN ... has conditions that refer to the value by a CaseTestExpr. The program knows only conditions,
 * so the value is put where it is referred to. That evaluates it once for each condition: only values that cost nothing are treated so.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"

#include "lower.h"

static bool
costs_nothing(Expr *expr)
{
	while (IsA(expr, RelabelType))
		expr = ((RelabelType *) expr)->arg;
	return IsA(expr, Var) || IsA(expr, Aggref) || IsA(expr, Const) || IsA(expr, Param);
}

typedef struct PutValue
{
	Expr	   *value;
	bool		failed;
} PutValue;

static Node *
put_value(Node *node, void *context)
{
	PutValue   *put = context;

	if (node == NULL)
		return NULL;
	switch (nodeTag(node))
	{
		case T_CaseTestExpr:
			return (Node *) put->value;
		case T_Var:
		case T_Const:
		case T_Param:
		case T_Aggref:
			return node;
		case T_OpExpr:
		case T_FuncExpr:
		case T_DistinctExpr:
		case T_ScalarArrayOpExpr:
		case T_BoolExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_List:
			return expression_tree_mutator(node, put_value, context);
		default:
			/* It may have CaseTestExprs of its own. */
			put->failed = true;
			return node;
	}
}

/* The conditions of a CASE in full; false: they cannot be had. */
bool
pge_case_conditions(const CaseExpr *expr, List **conditions)
{
	PutValue	put = {.value = expr->arg};

	*conditions = NIL;
	if (expr->arg != NULL && !costs_nothing(expr->arg) && list_length(expr->args) > 1)
		return false;
	foreach_node(CaseWhen, arm, expr->args)
		*conditions = lappend(*conditions, expr->arg == NULL ? (Node *) arm->expr : put_value((Node *) arm->expr, &put));
	return !put.failed;
}
