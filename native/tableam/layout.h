/*
 * Column store, lowest layer: what a column table's own pages look like on disk. Final: changed only by a new version number.
 *
 * A column table is one relation. Ordinary heap pages hold the delta (rows as heap has them). Everything else stands on
 * pages that core takes for full, empty heap pages: pd_lower = pd_upper = the page header's end, no special space,
 * PD_ALL_VISIBLE set. Heap scans see no tuple there, the free space map no room, VACUUM nothing to do, and checksums,
 * backups, pg_upgrade and standbys work as for any page. README.md beside this file draws the whole.
 */
#ifndef PGE_LAYOUT_H
#define PGE_LAYOUT_H

#include "storage/bufpage.h"
#include "storage/itemptr.h"

#define PGE_PAGE_MAGIC			0x43454750	/* "PGEC" in a dump of the page */
#define PGE_PAGE_VERSION		1

#define PGE_KIND_ROOT			1	/* block 0 */
#define PGE_KIND_MAP			2	/* block numbers of directory pages */
#define PGE_KIND_DIRECTORY		3	/* group descriptors */
#define PGE_KIND_GROUP			4	/* a slice of a row group's bytes */
#define PGE_KIND_DELETE_MAP		5	/* block numbers of a group's delete vector */
#define PGE_KIND_DELETE			6	/* a slice of a group's delete vector */
#define PGE_KIND_DEAD			7	/* a slice of a group's dead bitmap */

/* Follows the page header of every page of ours. */
typedef struct PgePageHeader
{
	uint32		magic;
	uint16		version;
	uint16		kind;
	uint32		group_id;		/* GROUP, DELETE_MAP, DELETE, DEAD: whose it is */
	uint32		page_no;		/* GROUP, DELETE, DEAD: which slice, from 0; DIRECTORY and MAP: which page of its kind */
	TransactionId xid;			/* GROUP: who wrote it, so that orphans of a crash can be told; DELETE: see PgeDeleteMap */
	uint32		reserved;
} PgePageHeader;

StaticAssertDecl(sizeof(PgePageHeader) == 24, "page header of ours");

#define PGE_PAGE_PAYLOAD		(BLCKSZ - SizeOfPageHeaderData - sizeof(PgePageHeader))
#define PgePageGetHeader(page)	((PgePageHeader *) ((char *) (page) + SizeOfPageHeaderData))
#define PgePageGetPayload(page) ((char *) (page) + SizeOfPageHeaderData + sizeof(PgePageHeader))

/* States of a descriptor. */
#define PGE_GROUP_FREE			0
#define PGE_GROUP_RESERVED		1	/* its id and TIDs are given out; bytes not stored (yet) */
#define PGE_GROUP_COMPLETE		2
#define PGE_GROUP_RETIRED		3	/* nobody sees it, no index knows it; its pages wait until nobody can be reading them */

/* What VACUUM has made sure of, so that nobody has to ask pg_xact again. */
#define PGE_XMIN_COMMITTED		0x0001
#define PGE_XMIN_ABORTED		0x0002
#define PGE_XMIN_FROZEN			0x0004
#define PGE_REPLACED_COMMITTED	0x0008	/* VACUUM has seen that xmax committed */
#define PGE_REPLACED_DEAD		0x0010	/* ... and that nobody's snapshot is older */
/* Its writer stopped because it held as much as it might: only for one that may hold much more it is worth joining with others. */
#define PGE_GROUP_FULL			0x0020
/* Its list of origins is one of PgeOriginOrder's. */
#define PGE_ORIGINS_SORTED		0x0040
/* Who its xmax is has deleted its rows and did not store them elsewhere. */
#define PGE_GROUP_DROPPED		0x0080
/* Its values are in an object of a store; its extent has a stub (PgeStub) in place of its bytes. */
#define PGE_GROUP_COLD			0x0100
/* ... which is not to be asked for before epiphany.restore_group(). */
#define PGE_GROUP_ARCHIVED		0x0200

/* What is known of the times of a group's rows. */
#define PGE_TIME_SORTED			0x0001	/* rows are in the order of the series that series_hash says, then of time */

/* One row group. */
typedef struct PgeGroupDesc
{
	uint32		group_id;
	uint16		state;
	uint16		flags;
	TransactionId xmin;			/* who stored the group; all its rows share it */
	CommandId	cmin;
	TransactionId xmax;			/* who replaced the whole group, or 0; RETIRED: transactions younger than it never look there */
	CommandId	cmax;
	BlockNumber first_block;	/* the extent: contiguous; RESERVED: it will not begin before this block */
	uint32		blocks;
	uint32		rows;
	uint16		natts;			/* columns it was written with */
	uint16		full_mb;		/* FULL for want of memory: of how much; 0: at so many rows */
	uint64		length;			/* bytes of the group; the list of its rows' origins stands behind them; COLD: that it had */
	uint64		footer_offset;
	uint32		footer_length;
	uint32		dead_rows;
	BlockNumber delete_root;	/* DELETE_MAP page, or InvalidBlockNumber */
	uint32		origin_length;	/* bytes of that list, or 0: its rows were stored here first */
	/* Times of the rows, as time_key.h has them; written for the column and the series that the table had then. */
	int64		time_min;		/* of rows that have a time */
	int64		time_max;
	uint32		time_nulls;		/* rows that have none */
	int16		time_attno;		/* the column, or 0: nothing is known */
	uint16		time_flags;
	uint32		series_hash;	/* pge_series_hash() */
	uint32		pages_of;		/* RETIRED: its pages are of the group with this id, less 1, which has others now; 0: of itself */
	int64		stored_at;		/* TimestampTz; 0: not known */
	char		reserved3[16];	/* zero */
} PgeGroupDesc;

StaticAssertDecl(sizeof(PgeGroupDesc) == 128, "group descriptor");
StaticAssertDecl(offsetof(PgeGroupDesc, length) == 40, "group descriptor");

#define PGE_DESCS_PER_PAGE		((uint32) (PGE_PAGE_PAYLOAD / sizeof(PgeGroupDesc)))	/* 63 */
#define PGE_BLOCKS_PER_MAP		((uint32) (PGE_PAGE_PAYLOAD / sizeof(BlockNumber))) /* 2036 */

/*
 * Where the rows of a group that compaction made came from: runs of old TIDs, ascending, in the order of the rows. Whoever finds
 * a row's old place deleted by the group's xmin finds its new one here, as long as the group is not frozen.
 */
typedef struct PgeOriginRun
{
	BlockNumber block;			/* of the delta, or of a column TID */
	uint16		offset;			/* first of the run */
	uint16		count;
} PgeOriginRun;

typedef struct PgeOriginList
{
	uint32		crc;			/* CRC-32C of all that follows */
	uint32		nruns;
	PgeOriginRun runs[FLEXIBLE_ARRAY_MEMBER];
} PgeOriginList;

StaticAssertDecl(sizeof(PgeOriginRun) == 8 && sizeof(PgeOriginList) == 8, "list of origins");

/*
 * Where a group's rows were sorted, its list has this behind nruns, which counts all that follows in units of a run: the runs ascend by old
 * TID, and the rows' ranks in that order follow, packed: for each row the zigzag varint of its rank less that of the row before, less 1.
 */
typedef struct PgeOriginOrder
{
	uint32		nruns;
	uint32		packed_bytes;
	uint32		raw_bytes;
	uint32		codec;
} PgeOriginOrder;

StaticAssertDecl(sizeof(PgeOriginOrder) == 2 * sizeof(PgeOriginRun), "order of origins");

/*
 * What a cold group has in place of its bytes: its footer and the indexes of its chunks, so that zone maps are at hand, and where and
 * what the object with its values is. At the beginning of the extent; the columns and the text follow, then the parts that "at" fields
 * name, counted from the stub's first byte. The footer and the indexes have checksums of their own.
 */
#define PGE_STUB_MAGIC		0x55534750	/* "PGSU" */
#define PGE_STUB_VERSION	1

typedef struct PgeStub
{
	uint32		magic;
	uint16		version;
	uint16		columns;		/* as many as the descriptor has */
	uint32		crc;			/* CRC-32C of what follows, up to head_length */
	uint32		head_length;	/* of this, the columns and the text */
	uint32		length;			/* of all */
	uint32		footer_at;		/* the group's footer */
	uint64		object_length;
	uint32		object_footer_at;	/* a copy of the object's last bytes: with them no column takes more than one request */
	uint32		object_footer_length;
	uint32		object_footer_crc;
	uint32		rows;
	uint16		server_length;	/* text, one after the other: a foreign server's name, or nothing */
	uint16		url_length;		/* ... and then the URL of the store */
	uint16		key_length;		/* the object's in the store */
	uint16		etag_length;	/* the store's name for this version of it */
} PgeStub;

StaticAssertDecl(sizeof(PgeStub) == 56, "stub of a cold group");

/* How a column's values are in the object. On disk. */
typedef enum PgeColdForm
{
	PGE_COLD_ABSENT = 0,		/* not at all: the column had been dropped */
	PGE_COLD_NATURAL = 1,		/* as Parquet's type for the SQL type */
	PGE_COLD_LANE = 2,			/* passed by value: an integer of the same bits */
	PGE_COLD_TEXT = 3,			/* what the output function writes */
	PGE_COLD_LIST = 4,			/* an array: a list of natural elements */
	PGE_COLD_FLOATS = 5,		/* a vector: a list of floats */
	PGE_COLD_BYTES = 6			/* as they are stored here */
} PgeColdForm;

typedef struct PgeStubColumn
{
	uint64		chunk_offset;	/* in the group's bytes, as its footer has it */
	uint32		index_length;
	uint32		index_at;		/* in the stub */
	uint64		object_offset;	/* of the column's chunk */
	uint64		object_length;
	uint32		object_crc;		/* CRC-32C of those bytes */
	uint32		values_crc;		/* of the values, as cold_values.c counts them */
	Oid			type;			/* the base type that it had, for TEXT, LIST and NATURAL */
	int16		object_column;
	int16		typlen;
	uint8		kind;			/* PgeColumnKind */
	uint8		form;
	uint8		byval;
	uint8		encoding;		/* that the chunk had, for images of it; 0: not noted */
	uint8		reserved[4];
} PgeStubColumn;

StaticAssertDecl(sizeof(PgeStubColumn) == 56, "column of a stub");

/*
 * TIDs of column rows: the block's high bit is set, then 22 bits of group and 9 of row / 256; the offset is row % 256 + 1.
 * 256 offsets a block keep the limits of tidbitmap (291), GIN (11 bits) and GiST.
 */
#define PGE_GROUP_MAX_ROWS		131072
#define PGE_VECTOR_ROWS			2048
#define PGE_TID_ROWS			256
#define PGE_TID_BLOCK_FLAG		((BlockNumber) 0x80000000)
#define PGE_MAX_GROUPS			((uint32) 0x3FFFFF) /* one less than 2^22: the last block would be InvalidBlockNumber */

/*
 * The delete vector of a group: an entry for each row, in pages that are made when the first of their rows is deleted or
 * updated. Row r's entry is number r % PGE_DELETES_PER_PAGE of page r / PGE_DELETES_PER_PAGE; the map holds those pages' blocks.
 * All zeros: the row was never touched.
 */
typedef struct PgeDelete
{
	TransactionId xmax;			/* who deleted or updated the row, or 0 */
	CommandId	cmax;
	ItemPointerData next;		/* PGE_DELETE_UPDATED: the new version, in the delta */
	uint16		flags;
} PgeDelete;

StaticAssertDecl(sizeof(PgeDelete) == 16, "delete vector entry");

#define PGE_XMAX_COMMITTED		0x0001	/* VACUUM has seen that xmax committed */
#define PGE_XMAX_DEAD			0x0002	/* ... and that nobody's snapshot is older */
#define PGE_DELETE_UPDATED		0x0004	/* there is a new version */
#define PGE_DELETE_MOVED		0x0008	/* the new version is in another partition */
#define PGE_DELETE_KEY_KEPT		0x0010	/* ... or has the same key: FOR KEY SHARE goes beside such an update */

#define PGE_DELETES_PER_PAGE	((uint32) (PGE_PAGE_PAYLOAD / sizeof(PgeDelete)))	/* 509 */

/*
 * A row that nobody needs and that no index has any more is "removed": it is a bit of the group's dead bitmap. A page of the delete vector
 * whose rows are all removed or untouched is retired: it stays as it is for those who have read the map before, with the xid that new
 * transactions have from then on in its header, and is given back once everybody is younger.
 */
#define PGE_DEAD_ROWS_PER_PAGE	((uint32) (PGE_PAGE_PAYLOAD * 8))	/* 65,152: whole words of 64 */
#define PGE_DEAD_PAGES			((PGE_GROUP_MAX_ROWS + PGE_DEAD_ROWS_PER_PAGE - 1) / PGE_DEAD_ROWS_PER_PAGE)	/* 3 */
#define PGE_DELETE_PAGES		((PGE_GROUP_MAX_ROWS + PGE_DELETES_PER_PAGE - 1) / PGE_DELETES_PER_PAGE)	/* 258 */

/* The payload of a DELETE_MAP page; InvalidBlockNumber where there is none. */
typedef struct PgeDeleteMap
{
	BlockNumber pages[PGE_DELETE_PAGES];
	BlockNumber retired[PGE_DELETE_PAGES];
	BlockNumber dead[PGE_DEAD_PAGES];
} PgeDeleteMap;

StaticAssertDecl(sizeof(PgeDeleteMap) <= PGE_PAGE_PAYLOAD, "map of a delete vector fits its page");

/*
 * The root: block 0. Directory page i is directory[i] for i < PGE_ROOT_DIRECT, else entry
 * (i - PGE_ROOT_DIRECT) % PGE_BLOCKS_PER_MAP of map page (i - PGE_ROOT_DIRECT) / PGE_BLOCKS_PER_MAP.
 * 1024 + 64 * 2036 directory pages of 63 groups are more than the 2^22 groups that a TID can name.
 */
#define PGE_ROOT_DIRECT			1024
#define PGE_ROOT_MAPS			64

typedef struct PgeRoot
{
	uint32		groups;			/* descriptors given out; they never go back, but FREE ones are used again */
	uint32		first_free;		/* no id below first_free - 1 is FREE; 0: none is */
	BlockNumber sweep_from;		/* pages of ours that nobody owns may lie from here on; 0: none does */
	uint32		sweep_notes;	/* how often that was said */
	uint32		reserved[12];
	BlockNumber directory[PGE_ROOT_DIRECT];
	BlockNumber map[PGE_ROOT_MAPS];
} PgeRoot;

StaticAssertDecl(sizeof(PgeRoot) <= PGE_PAGE_PAYLOAD, "root fits its page");

#define PGE_ROOT_BLOCK			((BlockNumber) 0)

static inline bool
pge_tid_is_column(const ItemPointerData *tid)
{
	return (ItemPointerGetBlockNumberNoCheck(tid) & PGE_TID_BLOCK_FLAG) != 0;
}

static inline bool
pge_block_is_column(BlockNumber block)
{
	return (block & PGE_TID_BLOCK_FLAG) != 0;
}

static inline void
pge_tid_set(ItemPointerData *tid, uint32 group, uint32 row)
{
	ItemPointerSet(tid, PGE_TID_BLOCK_FLAG | (group << 9) | (row / PGE_TID_ROWS),
				   (OffsetNumber) (row % PGE_TID_ROWS + 1));
}

static inline uint32
pge_tid_group(const ItemPointerData *tid)
{
	return (ItemPointerGetBlockNumberNoCheck(tid) & ~PGE_TID_BLOCK_FLAG) >> 9;
}

static inline uint32
pge_tid_row(const ItemPointerData *tid)
{
	return (ItemPointerGetBlockNumberNoCheck(tid) & 0x1FF) * PGE_TID_ROWS +
		ItemPointerGetOffsetNumberNoCheck(tid) - 1;
}

#endif							/* PGE_LAYOUT_H */
