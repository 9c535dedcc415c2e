/*
 * The foreign-data wrapper epiphany_object_store: options of its servers, user mappings and foreign tables.
 */
#ifndef PGE_OBJECT_STORE_H
#define PGE_OBJECT_STORE_H

#include "nodes/pg_list.h"

#define PGE_OBJECT_STORE	"epiphany_object_store"

/* Of servers that say nothing else: seconds without a byte, and how often a request is repeated. */
#define PGE_STORE_TIMEOUT	30
#define PGE_STORE_RETRIES	5

/* How long an archived object is to stay readable once it has been restored. */
#define PGE_STORE_RESTORE_DAYS	7

/* The value of an option, NULL where it is not given. */
extern const char *pge_object_store_option(List *options, const char *name);

/* The URL that a server's options have. */
extern const char *pge_object_store_url(List *options);

#endif							/* PGE_OBJECT_STORE_H */
