/*
 * Vector types: which functions of PostgreSQL's catalog are distances, for those who plan and lower queries.
 */
#ifndef PGE_VECTOR_DISTANCE_H
#define PGE_VECTOR_DISTANCE_H

#include "shim/pge.h"

extern bool pge_is_vector_distance(Oid function, PgeVectorDistance *distance, PgeVectorElement *element);

#endif							/* PGE_VECTOR_DISTANCE_H */
