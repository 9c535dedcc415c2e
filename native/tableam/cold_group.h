/*
 * Column store: groups whose values are in an object of a store. What such a group has of its own is a stub (layout.h).
 */
#ifndef PGE_COLD_GROUP_H
#define PGE_COLD_GROUP_H

#include "directory.h"

/* Where a group's values are: in the table, in an object, in an object that is not read until it is restored. */
typedef enum PgeTier
{
	PGE_TIER_WARM,
	PGE_TIER_COLD,
	PGE_TIER_FROZEN,
} PgeTier;

/* Their names for users, by number. */
extern const char *const pge_tier_names[PGE_TIER_FROZEN + 1];

static inline PgeTier
pge_group_tier(const PgeGroupDesc *desc)
{
	if ((desc->flags & PGE_GROUP_COLD) == 0)
		return PGE_TIER_WARM;
	return desc->flags & PGE_GROUP_ARCHIVED ? PGE_TIER_FROZEN : PGE_TIER_COLD;
}

/* A stub that was read and checked, but for its footer and indexes; one piece of memory. */
typedef struct PgeColdGroup
{
	PgeStub		head;
	const PgeStubColumn *columns;
	const char *server;			/* NULL: there is none, but a URL */
	const char *url;
	const char *key;
	const char *etag;
} PgeColdGroup;

/* A part of a stub in the making that its fields name by its place. */
typedef struct PgeStubPart
{
	const char *bytes;
	uint32		length;
	uint32	   *at;				/* set to its place */
} PgeStubPart;

/* cold_group.c */
extern PgeColdGroup *pge_cold_open(Relation rel, const PgeGroupDesc *desc);
extern void pge_cold_read(Relation rel, const PgeGroupDesc *desc, const PgeColdGroup *cold, uint64 offset, uint64 length, char *dest);
extern char *pge_cold_object_footer(Relation rel, const PgeGroupDesc *desc, const PgeColdGroup *cold);
extern char *pge_cold_stub(PgeColdGroup *cold, PgeStubColumn *columns, PgeStubPart *parts, int nparts);

/* tiering/cold_column.c: a group of one column, for the reader of the whole one; what it takes is the current context's */
extern void pge_cold_column(Relation rel, const PgeGroupDesc *desc, const PgeColdGroup *cold, int column, PgeGroupRef *image);

/* tiering/cold_ahead.c: columns that will be wanted */

/* Next groups of a scan that are known at a time. */
#define PGE_AHEAD_GROUPS	8

typedef enum PgeAhead
{
	PGE_AHEAD_NOTHING,			/* nothing is asked ahead of such a group */
	PGE_AHEAD_GOES_ON,
	PGE_AHEAD_ANEW,				/* which groups come next is to be said anew */
} PgeAhead;

extern PgeAhead pge_cold_ahead_enter(Relation rel, uint64 scan, bool begins, const PgeGroupDesc *desc, const Bitmapset *columns);
extern void pge_cold_ahead_leave(uint64 scan);
extern bool pge_cold_ahead_has_room(void);
extern void pge_cold_ahead_next(const PgeGroupDesc *desc);
extern void pge_cold_ahead_ask(Relation rel);
extern void pge_cold_ahead_note(Relation rel, const PgeGroupDesc *desc, const PgeColdGroup *cold, int column);

#endif							/* PGE_COLD_GROUP_H */
