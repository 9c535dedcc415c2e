/*
 * Indexes of vectors: columns to filter by, after the vector, as both access methods of ours have them: what is stored of a row's values,
 * and what a scan's conditions demand of that.
 */
#ifndef PGE_ATTRIBUTES_H
#define PGE_ATTRIBUTES_H

#include "access/skey.h"
#include "utils/rel.h"

#include "shim/pge.h"

#define PGE_MAX_ATTRIBUTES 8

/* Support function of such columns: a hash, where values are not integers. Ordering strategies are B-tree's. */
#define PGE_ATTRIBUTE_HASH_PROC 2

/* How many an index has; an error where it has what it cannot have. */
extern int	pge_count_attributes(Relation index);

/* A row's integers; returns a bit for each that is NULL. */
extern uint8 pge_attribute_keys(Relation index, Datum *values, bool *nulls, int64 *keys);

/* Scan keys as tests; *recheck: they are not exact. Returns false where nothing can meet them. */
extern bool pge_attribute_tests(Relation index, ScanKey keys, int count, PgeAttributeTest *tests, bool *recheck);

/*
 * Which of so many rows meet a test: of the others the byte becomes 0. keys: the test's column, of all rows; null_keys: a byte for each
 * row.
 */
extern void pge_attribute_test(const PgeAttributeTest *test, const int64 *keys, const uint8 *null_keys, int count, uint8 *met);

/* amvalidate: a class is for vectors, with the function that says for which, or to filter by: then its operators are B-tree's. */
extern bool pge_vector_validate_class(Oid opclass);

#endif							/* PGE_ATTRIBUTES_H */
