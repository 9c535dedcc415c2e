/*
 * Column store: when row groups were last read, and how often; what was asked of stores for them.
 */
#ifndef PGE_GROUP_ACCESS_H
#define PGE_GROUP_ACCESS_H

#include "datatype/timestamp.h"
#include "layout.h"

typedef struct PgeGroupAccess
{
	uint64		reads;			/* scans that read values of it; by TID, transactions */
	TimestampTz last_read;		/* 0: not since */
	uint64		requests;		/* of stores */
	uint64		bytes_read;
	uint64		cache_hits;
	TimestampTz since;			/* all that was read since then is known */
} PgeGroupAccess;

/* group_access.c */
extern void pge_access_read(Oid relid, const PgeGroupDesc *desc);
extern void pge_access_fetched(Oid relid, const PgeGroupDesc *desc, uint64 bytes);
extern void pge_access_hit(Oid relid, const PgeGroupDesc *desc);
extern void pge_access_get(Oid relid, const PgeGroupDesc *desc, PgeGroupAccess *access);
extern void pge_access_save_at_exit(void);

#endif							/* PGE_GROUP_ACCESS_H */
