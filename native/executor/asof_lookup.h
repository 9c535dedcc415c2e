/*
 * Executor: the last row before each row. What planner/asof.c and the node share: custom_private has lists of the keys' columns (from 1),
 * their operators for equal, the columns that rows are sorted by, the operators for that, collations, whether nulls come first.
 * custom_exprs: what keys must be equal to, then the condition on times, if there is one. custom_plans: all rows that may be wanted;
 * the plan that finds one.
 */
#ifndef PGE_ASOF_LOOKUP_H
#define PGE_ASOF_LOOKUP_H

#include "nodes/extensible.h"

enum PgeAsofPrivate
{
	PGE_ASOF_KEYS,
	PGE_ASOF_EQUALITIES,
	PGE_ASOF_SORT_COLUMNS,
	PGE_ASOF_SORT_OPERATORS,
	PGE_ASOF_SORT_COLLATIONS,
	PGE_ASOF_NULLS_FIRST,
};

extern const CustomScanMethods pge_asof_lookup_methods;

#endif							/* PGE_ASOF_LOOKUP_H */
