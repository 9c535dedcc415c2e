/*
 * Tiering: epiphany.move_groups(), move_group() and restore_group(): row groups go to objects of a store and come back. A group keeps its
 * id, rows, TIDs and delete vector; what changes is where its bytes are. So no index and no snapshot notices, rows may be read, changed and
 * locked meanwhile, and what has been moved stays moved if the transaction fails: both places hold the same.
 *
 * First the object is written and read back, then the stub's pages, then one WAL record makes the descriptor name them
 * (pge_directory_exchange). A crash before leaves an object and pages that nobody owns; the sweep of VACUUM and tiering_gc() find them.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "commands/tablecmds.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "cold.h"
#include "tableam/column_vacuum.h"
#include "tableam/group_access.h"
#include "tableam/group_builder.h"
#include "tableam/time_key.h"

PG_FUNCTION_INFO_V1(pge_move_groups);
PG_FUNCTION_INFO_V1(pge_move_group);
PG_FUNCTION_INFO_V1(pge_groups_to_move);
PG_FUNCTION_INFO_V1(pge_restore_group);

/* Which groups go, by their age. */
typedef struct Age
{
	bool		all;
	bool		is_number;
	int64		number;
	Interval	interval;
} Age;

typedef struct Move
{
	Relation	rel;
	PgeTier		tier;
	Age			age;
	PgeStore   *store;			/* where objects go, or NULL */
	const char *prefix;			/* of this database's keys there */
	int64		limit;			/* groups at most */
	int64		only;			/* the one group that is meant, or -1 */
	TransactionId oldest;		/* whoever precedes it and committed, everybody sees */
	bool		timed;
	PgeTimeKey	key;
	int64		bound;			/* of times, or of stored_at */
	bool		unread;			/* ... and that nobody has read for so long */
	Interval	unread_for;
	TimestampTz unread_bound;
	int64		groups;
	int64		rows;
	int64		bytes;
	int64		left;			/* groups that would have gone, but are too young, or being replaced */
} Move;

/* ---- which groups ---- */

static PgeTier
parse_tier(const char *name)
{
	for (int tier = 0; tier < lengthof(pge_tier_names); tier++)
		if (pg_strcasecmp(name, pge_tier_names[tier]) == 0)
			return (PgeTier) tier;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unrecognized tier: \"%s\"", name),
			 errhint("Tiers are warm, cold and frozen.")));
}

static void
parse_age(FunctionCallInfo fcinfo, int argument, Age *age)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, argument);
	Datum		value = PG_GETARG_DATUM(argument);
	const char *given;

	age->all = PG_ARGISNULL(argument);
	if (age->all)
		return;
	switch (type)
	{
		case INT2OID:
			age->number = DatumGetInt16(value);
			break;
		case INT4OID:
			age->number = DatumGetInt32(value);
			break;
		case INT8OID:
			age->number = DatumGetInt64(value);
			break;
		case INTERVALOID:
			age->interval = *DatumGetIntervalP(value);
			return;
		case UNKNOWNOID:
		case TEXTOID:
			given = type == TEXTOID ? text_to_cstring(DatumGetTextPP(value)) : DatumGetCString(value);
			if (strspn(given, "-0123456789") < strlen(given))
			{
				age->interval = *DatumGetIntervalP(DirectFunctionCall3(interval_in, CStringGetDatum(given), ObjectIdGetDatum(InvalidOid),
																	   Int32GetDatum(-1)));
				return;
			}
			age->number = pg_strtoint64(given);
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("older_than cannot be of type %s", format_type_be(type)),
					 errhint("It is an interval, or an integer for integer time columns.")));
	}
	age->is_number = true;
}

/* The age as the number that groups are compared with. */
static void
find_bound(Move *move)
{
	Datum		now = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	Datum		interval = IntervalPGetDatum(&move->age.interval);
	bool		is_integer = false;

	move->timed = pge_time_key(move->rel, &move->key);
	if (move->timed)
		pge_time_type(move->key.type, &is_integer);
	if (move->unread)
		move->unread_bound = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_mi_interval, now, IntervalPGetDatum(&move->unread_for)));
	if (move->age.all)
		return;
	if (move->age.is_number != is_integer)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("older_than must be %s for table \"%s\"", is_integer ? "an integer" : "an interval",
						RelationGetRelationName(move->rel)),
				 is_integer ? errdetail("Groups go whose times are all less than that number.") :
				 move->timed ? errdetail("Its time column is no integer.") :
				 errdetail("It has no time column; groups go by their own age.")));
	if (is_integer)
		move->bound = move->age.number;
	else if (!move->timed || move->key.type == TIMESTAMPTZOID)
		move->bound = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_mi_interval, now, interval));
	else
		move->bound = DatumGetTimestamp(DirectFunctionCall2(timestamp_mi_interval, DirectFunctionCall1(timestamptz_timestamp, now),
															interval));
}

/* What was read before all is known has been read then. */
static bool
is_unread(const Move *move, const PgeGroupDesc *desc)
{
	PgeGroupAccess access;

	pge_access_get(RelationGetRelid(move->rel), desc, &access);
	return Max(access.last_read, access.since) < move->unread_bound;
}

static bool
is_old_enough(const Move *move, const PgeGroupDesc *desc)
{
	if (move->age.all)
		return true;
	if (!move->timed)
		return desc->stored_at < move->bound;
	return desc->time_attno == move->key.attno && desc->time_nulls == 0 && desc->time_max < move->bound;
}

/* Who wants an archived group elsewhere has it restored first. */
static bool
is_wanted(const Move *move, const PgeGroupDesc *desc)
{
	PgeTier		tier = pge_group_tier(desc);

	return pge_group_is_current(desc) && (move->only < 0 || move->only == desc->group_id) && tier != move->tier &&
		tier != PGE_TIER_FROZEN && is_old_enough(move, desc) && (!move->unread || is_unread(move, desc));
}

/* Does everybody see the group, and is nobody about to replace it? So nobody asks for its list of origins, which goes. */
static bool
is_settled(const Move *move, const PgeGroupDesc *desc)
{
	return pge_group_fate(desc) == PGE_FATE_LIVE && pge_group_replaced(desc) == PGE_DELETE_NONE &&
		((desc->flags & PGE_XMIN_FROZEN) || TransactionIdPrecedes(desc->xmin, move->oldest));
}

/* ---- how they go ---- */

/* A key that nobody had before; prefix is of this database's keys in the store. */
static char *
make_key(const Move *move, const char *prefix, const PgeGroupDesc *desc)
{
	pg_uuid_t  *uuid = DatumGetUUIDP(DirectFunctionCall1(gen_random_uuid, (Datum) 0));

	return psprintf("%s%u/%u-%s.parquet", prefix, RelationGetRelid(move->rel), desc->group_id,
					DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(uuid))));
}

/* Stores what takes the place of a group's bytes, and makes the descriptor name it. */
static void
exchange(Relation rel, const PgeGroupDesc *from, PgeGroupDesc *to, const PgeGroupImage *image)
{
	PgeGroupDesc spare = {.state = PGE_GROUP_RESERVED};
	PgeGroupDesc place = *from;

	/* Standbys must not find it frozen before all of them see it. */
	if ((from->flags & PGE_XMIN_FROZEN) == 0)
		pge_log_standby_conflict(rel, from->xmin);
	spare.xmin = GetCurrentTransactionId();
	spare.natts = from->natts;
	spare.first_block = spare.delete_root = InvalidBlockNumber;
	pge_directory_append(rel, &spare);
	/* Until somebody owns them the pages are this transaction's. */
	place.xmin = spare.xmin;
	pge_group_store(rel, &place, image, NULL);
	to->first_block = place.first_block;
	to->blocks = place.blocks;
	to->flags |= PGE_XMIN_COMMITTED | PGE_XMIN_FROZEN;
	to->flags &= ~PGE_ORIGINS_SORTED;
	pge_directory_exchange(rel, to, spare.group_id);
}

static void
exchange_stub(Relation rel, const PgeGroupDesc *from, PgeGroupDesc *to, const char *stub, uint32 length)
{
	u64			segment = (uintptr_t) stub;
	PgeGroupImage image = {.Segments = &segment,.SegmentBytes = length,.Length = length};

	exchange(rel, from, to, &image);
}

static void
make_cold(Move *move, const PgeGroupDesc *desc)
{
	PgeColdGroup cold = {0};
	PgeGroupDesc to = *desc;
	uint32		length;
	char	   *archive_key = NULL;
	char	   *stub;

	if (move->store == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no store is given for row groups of table \"%s\"", RelationGetRelationName(move->rel)),
				 errhint("Give a server of the foreign-data wrapper epiphany_object_store, or file:/// and the path of a directory.")));
	cold.server = move->store->name;
	cold.url = move->store->name ? "" : move->store->url;
	cold.key = make_key(move, move->prefix, desc);
	if (move->tier == PGE_TIER_FROZEN && pge_store_archives(move->store))
		archive_key = make_key(move, move->prefix, desc);
	stub = pge_cold_write(move->rel, desc, &cold, move->store, archive_key, &length);
	to.flags |= PGE_GROUP_COLD;
	if (move->tier == PGE_TIER_FROZEN)
		to.flags |= PGE_GROUP_ARCHIVED;
	exchange_stub(move->rel, desc, &to, stub, length);
	move->bytes += (int64) cold.head.object_length;
}

static void
make_warm(Move *move, const PgeGroupDesc *desc)
{
	TupleDesc	tupdesc = RelationGetDescr(move->rel);
	PgeBuilder *group = pge_builder_begin(move->rel, CurrentMemoryContext, PGE_GROUP_MAX_ROWS, PG_UINT64_MAX);
	PgeGroupDesc to = *desc;
	PgeGroupImage image = {0};

	pge_builder_copy(group, move->rel, desc, NULL, NULL);
	pge_builder_image(group, &image);
	to.natts = tupdesc->natts;
	to.length = image.Length;
	to.footer_offset = image.FooterOffset;
	to.footer_length = image.FooterLength;
	to.flags &= ~(PGE_GROUP_COLD | PGE_GROUP_ARCHIVED);
	exchange(move->rel, desc, &to, &image);
	move->bytes += (int64) image.Length;
}

/* A group that is cold is read as before, or not any more. */
static void
set_archived(Relation rel, const PgeGroupDesc *desc, bool archived)
{
	uint16		flags = archived ? desc->flags | PGE_GROUP_ARCHIVED : desc->flags & ~PGE_GROUP_ARCHIVED;

	pge_directory_resolve(rel, desc->group_id, flags, desc->xmax, desc->dead_rows);
}

/* What stands before the database's own part of a key: of what comes from a copy of the original, this one's own. */
static const char *
own_prefix(const char *key)
{
	const char *end = key + strlen(key);

	/* System identifier, database, table and name are not of it. */
	for (int slashes = 0; end > key && (end[-1] != '/' || ++slashes < 4);)
		end--;
	return psprintf("%.*s%s", (int) (end - key), key, pge_cold_own_prefix());
}

/* A cold group is not to be read any more. Its store may have a place for that, to which the object is copied; the old one is gc's. */
static void
make_frozen(Move *move, const PgeGroupDesc *desc)
{
	PgeColdGroup *cold = pge_cold_open(move->rel, desc);
	PgeStore   *store = pge_cold_store(move->rel, cold);
	PgeStoreEntry entry;
	PgeGroupDesc to = *desc;
	uint32		length;
	char	   *stub;

	/* One that was restored is still there. */
	if (!pge_store_archives(store) || (pge_store_stat(store, cold->key, &entry) && entry.archived))
	{
		set_archived(move->rel, desc, true);
		return;
	}
	stub = pge_cold_archive(move->rel, desc, cold, store, make_key(move, own_prefix(cold->key), desc), &length);
	to.flags |= PGE_GROUP_ARCHIVED;
	exchange_stub(move->rel, desc, &to, stub, length);
	move->bytes += (int64) cold->head.object_length;
}

static void
move_group(Move *move, const PgeGroupDesc *desc)
{
	PgeTier		tier = pge_group_tier(desc);
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "moved row group", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);

	if (tier == PGE_TIER_WARM)
		make_cold(move, desc);
	else if (move->tier == PGE_TIER_FROZEN)
		make_frozen(move, desc);
	else
		make_warm(move, desc);
	move->groups++;
	move->rows += desc->rows;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
}

static void
move_groups(Move *move)
{
	PgeGroupDesc *descs;
	uint32		ndescs;

	pge_writer_flush(move->rel);
	find_bound(move);
	ndescs = pge_directory_load(move->rel, &descs);
	move->oldest = GetOldestNonRemovableTransactionId(move->rel);
	for (uint32 i = 0; i < ndescs && move->groups < move->limit; i++)
	{
		PgeGroupDesc *desc = &descs[i];

		CHECK_FOR_INTERRUPTS();
		if (!is_wanted(move, desc))
			continue;
		if (is_settled(move, desc))
			move_group(move, desc);
		else
			move->left++;
	}
	if (descs != NULL)
		pfree(descs);
}

/* As the table's owner, since casts of its types may be asked; the right to the store was the caller's. */
static void
move_as_owner(Move *move)
{
	Oid			user;
	int			context,
				nest_level;

	if (RELATION_IS_OTHER_TEMP(move->rel) || move->rel->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("row groups of temporary table \"%s\" cannot be moved", RelationGetRelationName(move->rel))));
	CheckTableNotInUse(move->rel, "move row groups of");
	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(move->rel->rd_rel->relowner, context | SECURITY_RESTRICTED_OPERATION);
	nest_level = NewGUCNestLevel();
	RestrictSearchPath();
	move_groups(move);
	AtEOXact_GUC(false, nest_level);
	SetUserIdAndSecContext(user, context);
}

/* What is to be moved where: the arguments of that number, and the two that are given. */
static Move
parse_move(FunctionCallInfo fcinfo, int unread)
{
	Move		move = {.limit = PG_INT64_MAX,.only = -1};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("table and tier must not be null")));
	move.tier = parse_tier(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	parse_age(fcinfo, 2, &move.age);
	move.unread = !PG_ARGISNULL(unread);
	if (move.unread)
		move.unread_for = *PG_GETARG_INTERVAL_P(unread);
	return move;
}

/* move_groups(relation, tier, older_than "any", store, max_groups, not_read_for): of a column table, or of all partitions that are. */
Datum
pge_move_groups(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	Move		move;
	bool		partitioned;
	List	   *relids;
	ListCell   *cell;
	TupleDesc	desc;
	Datum		values[4];
	bool		nulls[4] = {false};

	pge_check_may_write("epiphany.move_groups()");
	move = parse_move(fcinfo, 5);
	/* Before locking, and of each partition again. */
	pge_check_owner(relid);
	if (!PG_ARGISNULL(3))
		move.store = pge_cold_named_store(text_to_cstring(PG_GETARG_TEXT_PP(3)), &move.prefix);
	if (!PG_ARGISNULL(4))
		move.limit = PG_GETARG_INT32(4);
	partitioned = get_rel_relkind(relid) == RELKIND_PARTITIONED_TABLE;
	if (partitioned)
		LockRelationOid(relid, ShareUpdateExclusiveLock);
	relids = partitioned ? find_all_inheritors(relid, ShareUpdateExclusiveLock, NULL) : list_make1_oid(relid);
	foreach(cell, relids)
	{
		pge_check_owner(lfirst_oid(cell));
		/* The lock of VACUUM and compaction: nobody else changes where bytes are. */
		move.rel = table_open(lfirst_oid(cell), partitioned ? NoLock : ShareUpdateExclusiveLock);
		if (!partitioned)
			pge_check_column_table(move.rel);
		if (pge_is_column_table(move.rel))
			move_as_owner(&move);
		/* The lock stays: what is no longer needed is this transaction's until it ends. */
		table_close(move.rel, NoLock);
	}

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Int64GetDatum(move.groups);
	values[1] = Int64GetDatum(move.rows);
	values[2] = Int64GetDatum(move.bytes);
	values[3] = Int64GetDatum(move.left);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/*
 * move_group(relation, tier, older_than text, store, group_id, not_read_for): that group of a column table, if move_groups() would move it.
 * For who takes them one by one, and goes on where one fails.
 */
Datum
pge_move_group(PG_FUNCTION_ARGS)
{
	Move		move;

	pge_check_may_write("epiphany.move_group()");
	move = parse_move(fcinfo, 5);
	if (PG_ARGISNULL(4))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("row group must not be null")));
	pge_check_owner(PG_GETARG_OID(0));
	if (!PG_ARGISNULL(3))
		move.store = pge_cold_named_store(text_to_cstring(PG_GETARG_TEXT_PP(3)), &move.prefix);
	move.only = PG_GETARG_INT64(4);
	move.rel = table_open(PG_GETARG_OID(0), ShareUpdateExclusiveLock);
	pge_check_column_table(move.rel);
	move_as_owner(&move);
	table_close(move.rel, NoLock);
	PG_RETURN_BOOL(move.groups > 0);
}

static void
put_groups_to_move(ReturnSetInfo *result, Move *move)
{
	PgeGroupDesc *descs;
	uint32		ndescs;

	find_bound(move);
	ndescs = pge_directory_load(move->rel, &descs);
	for (uint32 i = 0; i < ndescs; i++)
	{
		Datum		values[3] = {
			ObjectIdGetDatum(RelationGetRelid(move->rel)), Int64GetDatum(i), Int64GetDatum(descs[i].rows)
		};

		CHECK_FOR_INTERRUPTS();
		if (is_wanted(move, &descs[i]))
			tuplestore_putvalues(result->setResult, result->setDesc, values, (bool[3]) {false});
	}
}

/* groups_to_move(relation, tier, older_than text, not_read_for): what move_groups() would look for now, of tables that one may read. */
Datum
pge_groups_to_move(PG_FUNCTION_ARGS)
{
	Move		move = parse_move(fcinfo, 3);

	InitMaterializedSRF(fcinfo, 0);
	foreach_oid(relid, find_all_inheritors(PG_GETARG_OID(0), NoLock, NULL))
	{
		move.rel = pge_try_open_column_table(relid, ACL_SELECT, AccessShareLock);
		if (move.rel == NULL)
			continue;
		put_groups_to_move((ReturnSetInfo *) fcinfo->resultinfo, &move);
		table_close(move.rel, AccessShareLock);
	}
	return (Datum) 0;
}

/* Can the object of a cold group be read? If not, its store has been asked to see to it. */
static bool
is_readable(Relation rel, const PgeGroupDesc *desc)
{
	PgeColdGroup *cold = pge_cold_open(rel, desc);
	bool		readable = pge_store_restore(pge_cold_store(rel, cold), cold->key);

	if (!readable)
		ereport(NOTICE,
				(errmsg("row group %u of table \"%s\" is being restored by its store", desc->group_id, RelationGetRelationName(rel)),
				 errdetail("Object \"%s\" of server \"%s\" is in an archive.", cold->key, cold->server),
				 errhint("Call epiphany.restore_group() again later; it may take hours.")));
	return readable;
}

/* restore_group(relation, group): a frozen group can be read again, as a cold one. False: it was none; NULL: the store is about it. */
Datum
pge_restore_group(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	int64		group = PG_GETARG_INT64(1);
	Relation	rel;
	PgeGroupDesc desc;
	bool		readable;

	pge_check_may_write("epiphany.restore_group()");
	pge_check_owner(relid);
	rel = table_open(relid, ShareUpdateExclusiveLock);
	pge_check_column_table(rel);
	if (group < 0 || group > PGE_MAX_GROUPS || !pge_directory_get(rel, (uint32) group, &desc) || !pge_group_is_current(&desc))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("table \"%s\" has no row group %lld", RelationGetRelationName(rel), (long long) group)));
	/* Of one that is cold already the restored copy may have gone again. */
	readable = pge_group_tier(&desc) == PGE_TIER_WARM || is_readable(rel, &desc);
	if (readable && pge_group_tier(&desc) == PGE_TIER_FROZEN)
		set_archived(rel, &desc, false);
	table_close(rel, NoLock);
	if (!readable)
		PG_RETURN_NULL();
	PG_RETURN_BOOL(pge_group_tier(&desc) == PGE_TIER_FROZEN);
}
