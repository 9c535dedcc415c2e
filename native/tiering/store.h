/*
 * Stores: places where files are kept whole, as objects with a name (their key), and never change: written once, read in ranges,
 * removed. A folder of the server's machine is one, a bucket another.
 *
 * A store is a foreign server of the wrapper epiphany_object_store:
 *
 *     CREATE SERVER lake FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url 's3://bucket/tables', region '...');
 *     GRANT USAGE ON FOREIGN SERVER lake TO analyst;
 *
 * Keys are relative to its URL: components between slashes, none of them empty, "." or "..". Messages name an object by its URL, or its
 * path. All functions may raise but those that say so; whoever holds something of theirs at an error need not care, unless said.
 * They look for interrupts. Memory is the current context's at the call that made it, in which a store lives, too.
 */
#ifndef PGE_STORE_H
#define PGE_STORE_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "shim/pge.h"

typedef struct PgeStoreRoutine PgeStoreRoutine;

typedef struct PgeStore
{
	const PgeStoreRoutine *routine;
	Oid			server;			/* InvalidOid: the machine's files, for who may read and write them all */
	const char *name;			/* of the server; NULL likewise */
	const char *url;			/* of what keys begin in; no slash at its end */
} PgeStore;

/* What is said of an object. */
typedef struct PgeStoreEntry
{
	const char *key;
	uint64		length;
	const char *etag;			/* changes with the bytes; "" where the store has no such thing */
	TimestampTz modified;
	bool		archived;		/* of pge_store_stat(): it is in the class that pge_store_archive() puts objects in */
	bool		unfinished;		/* what a killed writer left; remove it by its key when it is old */
} PgeStoreEntry;

/* An object that is open for reading: file->source.read(&file->source, offset, length, dest). */
typedef struct PgeStoredFile
{
	PgeGroupSource source;		/* first: the managed side's token points here (pge_group_token) */
	PgeStore   *store;
	const char *name;			/* for messages */
	uint64		length;
	const char *etag;
	bool		keeps_end;		/* set by who has opened it: the session will read its end again */
} PgeStoredFile;

/* An object in the making: nobody sees it before it is finished. */
typedef struct PgeNewFile
{
	PgeStore   *store;
	const char *name;			/* for messages */
	uint64		length;			/* so far */
	struct PgeNewFile *outer;	/* in whose making this one is made, while it is guarded; or NULL */
} PgeNewFile;

/* What this session has asked of stores so far. Requests that were repeated count each time. */
typedef struct PgeStoreCounts
{
	uint64		requests;
	uint64		bytes_read;
	uint64		bytes_written;
} PgeStoreCounts;

extern PgeStoreCounts pge_store_counts;

/*
 * The store that a server is, for a user: his right to use the server is checked, and his user mapping has the secrets. For what is done
 * on a table's behalf that is the table's owner, otherwise GetUserId(). 42809 if the server is of another wrapper. Asks the store nothing.
 */
extern PgeStore *pge_store_of(Oid server, Oid user);

typedef enum PgeStoreUse
{
	PGE_STORE_READ,
	PGE_STORE_WRITE,
} PgeStoreUse;

/*
 * The store of a URL that the current user names, and the key or pattern within it: of the server that is named, whose keys will do
 * instead of URLs, or else (NULL) of the one with the longest URL that the URL begins with, among those that the user may use; for
 * file:// without one the machine's files, which needs pg_read_server_files or pg_write_server_files.
 */
extern PgeStore *pge_store_for_url(const char *url, const char *server, PgeStoreUse use, const char **key);

/*
 * Likewise the store of a folder, to write in it: keys begin with the prefix, "" or with a slash at its end. One of the machine's without a
 * server is a store of its own.
 */
extern PgeStore *pge_store_for_folder(const char *url, const char **prefix);

/* The URL of an object; of a file outside of servers its path. */
extern char *pge_store_name(const PgeStore *store, const char *key);

/*
 * Opens an object to read ranges of it. With what is known of it (length, and etag if there is one: both as the file had them when it
 * was written or opened before) nothing is asked of the store: reading is the first request, and fails if the object is gone or another
 * by then. 58P01 (undefined_file) where there is none. Closed by the transaction's end, if not before.
 */
extern PgeStoredFile *pge_store_open(PgeStore *store, const char *key, const PgeStoreEntry *known);
extern void pge_store_close(PgeStoredFile *file);

/*
 * A range of an object, of which so much is known, will be read soon: it may be on its way by then. Whatever comes of it is no error, and
 * the range may be read or not. False: too much is under way. pge_store_advance() is for who computes meanwhile: what has come makes room
 * for more to come.
 */
extern bool pge_store_has_ahead(const PgeStore *store);
extern bool pge_store_ahead(PgeStore *store, const PgeStoreEntry *known, uint64 offset, uint64 length);
extern void pge_store_advance(PgeStore *store);

/*
 * Writes an object: create, write as often as wanted, finish. It takes the place of one that had the key, at once. Once finished it is
 * durable, and its etag is known, to keep for pge_store_open(). Whatever follows create is done by a function that pge_store_guard() calls:
 * where finish is not reached, by an error or since the session ends, nothing stays of the object.
 */
extern PgeNewFile *pge_store_create(PgeStore *store, const char *key);
extern void pge_store_write(PgeNewFile *file, const char *bytes, uint64 length);
extern const char *pge_store_finish(PgeNewFile *file);
extern void pge_store_guard(PgeNewFile *file, void (*make) (void *arg), void *arg);

/* What there is of an object; false: no such object. */
extern bool pge_store_stat(PgeStore *store, const char *key, PgeStoreEntry *entry);

/* All objects whose key begins with a prefix ("": all), PgeStoreEntry each, sorted by key (strcmp). */
extern List *pge_store_list(PgeStore *store, const char *prefix);

/* The finished ones whose key a pattern of *, ? and [...] matches, which match no slash. */
extern List *pge_store_glob(PgeStore *store, const char *pattern);

/* Removes an object. That there is none is no error: who removes twice has lost nothing. */
extern void pge_store_remove(PgeStore *store, const char *key);

/*
 * Has the store a class for what is kept and not read (option frozen_storage_class of its server)? pge_store_archive() has it copy an
 * object into that, under another key, and gives the copy's etag. pge_store_restore(), for any store, tells whether an object can be
 * read, and if not asks the store to make it readable, which may take hours.
 */
extern bool pge_store_archives(const PgeStore *store);
extern const char *pge_store_archive(PgeStore *store, const char *key, const char *new_key, uint64 length);
extern bool pge_store_restore(PgeStore *store, const char *key);

/* ---- For implementations (store_*.c) ---- */

struct PgeStoreRoutine
{
	PgeStoredFile *(*open) (PgeStore *store, const char *key, const PgeStoreEntry *known);
	void		(*close) (PgeStoredFile *file);
	bool		(*ahead) (PgeStore *store, const PgeStoreEntry *known, uint64 offset, uint64 length);	/* NULL: there is no use */
	void		(*advance) (void);	/* NULL likewise */
	PgeNewFile *(*create) (PgeStore *store, const char *key);
	void		(*write) (PgeNewFile *file, const char *bytes, uint64 length);
	const char *(*finish) (PgeNewFile *file);
	void		(*abandon) (PgeNewFile *file);
	bool		(*stat) (PgeStore *store, const char *key, PgeStoreEntry *entry);
	List	   *(*list) (PgeStore *store, const char *prefix);
	List	   *(*glob) (PgeStore *store, const char *pattern);	/* NULL: what list() has is matched */
	void		(*remove) (PgeStore *store, const char *key);
	bool		(*archives) (const PgeStore *store);	/* NULL, with the two below: it has no archive */
	const char *(*archive) (PgeStore *store, const char *key, const char *new_key, uint64 length);
	bool		(*restore) (PgeStore *store, const char *key);
};

#define PGE_FILE_SCHEME	"file://"

/* The machine's files below the folder that a URL names; PGE_FILE_SCHEME itself: all. */
extern PgeStore *pge_file_store(Oid server, const char *name, const char *url);

#endif							/* PGE_STORE_H */
