/*
 * The foreign-data wrapper epiphany_object_store: options of its servers, user mappings and foreign tables.
 */
#ifndef PGE_OBJECT_STORE_H
#define PGE_OBJECT_STORE_H

#include "nodes/pg_list.h"

#define PGE_OBJECT_STORE	"epiphany_object_store"

/* The URL that a server's options have. */
extern const char *pge_object_store_url(List *options);

#endif							/* PGE_OBJECT_STORE_H */
