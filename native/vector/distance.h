/*
 * Vector types: which functions of PostgreSQL's catalog are distances, for those who plan and lower queries.
 */
#ifndef PGE_VECTOR_DISTANCE_H
#define PGE_VECTOR_DISTANCE_H

#include "nodes/primnodes.h"

#include "shim/pge.h"

/* distance_lookup.c */
extern bool pge_is_vector_distance(Oid function, PgeVectorDistance *distance, PgeVectorElement *element);

/* planner/nearest_costs.c */
extern OpExpr *pge_nearest_key(Expr *key, PgeVectorDistance *distance, PgeVectorElement *element);

#endif							/* PGE_VECTOR_DISTANCE_H */
