/*
 * Stores: folders of the server's machine. An object is a file below the folder, in folders that are made where they are missing; the
 * folder itself must be there, so that a volume which is not mounted is noticed. A new file has a temporary name beside its own until it
 * is finished and on disk. Links are followed: who can make them in the folder decides what is in the store.
 */
#include "postgres.h"

#include <ctype.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file_utils.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/timestamp.h"

#include "store.h"

/* What follows the name of a file in the making: the process and a number. */
#define TEMPORARY_SUFFIX	".%d.%u.tmp"

typedef struct OldFile
{
	PgeStoredFile base;			/* first */
	int			fd;
} OldFile;

typedef struct NewFile
{
	PgeNewFile	base;			/* first */
	char	   *temporary;		/* NULL: finished or abandoned */
	int			fd;
} NewFile;

static const char *
root_of(const PgeStore *store)
{
	return store->url + strlen(PGE_FILE_SCHEME);
}

static char *
path_of(const PgeStore *store, const char *key)
{
	return psprintf("%s/%s", root_of(store), key);
}

/* ---- Reading ---- */

static void
read_file(PgeGroupSource *source, uint64 offset, uint64 length, char *dest)
{
	OldFile   *file = (OldFile *) source;

	pge_store_counts.requests++;
	pge_store_counts.bytes_read += length;
	while (length > 0)
	{
		ssize_t		got = pg_pread(file->fd, dest, Min(length, 1 << 30), (off_t) offset);

		CHECK_FOR_INTERRUPTS();
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			ereport(ERROR, (errcode_for_file_access(), errmsg("could not read file \"%s\": %m", file->base.name)));
		if (got == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("file \"%s\" became shorter while it was read", file->base.name)));
		dest += got;
		offset += got;
		length -= got;
	}
}

static PgeStoredFile *
file_open(PgeStore *store, const char *key, const PgeStoreEntry *known)
{
	OldFile   *file = palloc0(sizeof(OldFile));
	char	   *path = path_of(store, key);
	struct stat status;

	file->base.source.read = read_file;
	file->base.store = store;
	file->base.name = path;
	file->base.etag = "";
	file->fd = OpenTransientFile(path, O_RDONLY | PG_BINARY);
	if (file->fd < 0)
		ereport(ERROR, (errcode_for_file_access(), errmsg("could not open file \"%s\" for reading: %m", path)));
	if (fstat(file->fd, &status) != 0)
		ereport(ERROR, (errcode_for_file_access(), errmsg("could not stat file \"%s\": %m", path)));
	if (!S_ISREG(status.st_mode))
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("\"%s\" is not a regular file", path)));
	file->base.length = status.st_size;
	if (known != NULL && known->length != file->base.length)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("file \"%s\" is not the one that was written", path),
				 errdetail("It has " UINT64_FORMAT " bytes instead of " UINT64_FORMAT ".", file->base.length, known->length)));
	return &file->base;
}

static void
file_close(PgeStoredFile *file)
{
	CloseTransientFile(((OldFile *) file)->fd);
	pfree(file);
}

/* ---- Writing ---- */

/* Makes the folders between the store's own and a file. */
static void
make_folders(const PgeStore *store, char *path)
{
	for (char *slash = path + strlen(root_of(store)) + 1; (slash = strchr(slash, '/')) != NULL; slash++)
	{
		mode_t		mask = umask(S_IWGRP | S_IWOTH);
		int			result;
		int			error;

		*slash = '\0';
		result = mkdir(path, 0777);
		error = errno;
		umask(mask);
		errno = error;
		if (result == 0)
		{
			char	   *parent = pstrdup(path);

			get_parent_directory(parent);
			fsync_fname(parent, true);
		}
		else if (errno != EEXIST)
			ereport(ERROR, (errcode_for_file_access(), errmsg("could not create directory \"%s\": %m", path)));
		*slash = '/';
	}
}

static PgeNewFile *
file_create(PgeStore *store, const char *key)
{
	static uint32 number = 0;
	NewFile  *file = palloc0(sizeof(NewFile));
	char	   *path = path_of(store, key);
	char	   *temporary = psprintf("%s" TEMPORARY_SUFFIX, path, MyProcPid, ++number);
	mode_t		mask;
	int			error;

	file->base.store = store;
	file->base.name = path;
	/* Where all files of the machine are the store, folders are the user's. */
	if (root_of(store)[0] != '\0')
		make_folders(store, path);
	mask = umask(S_IWGRP | S_IWOTH);
	file->fd = OpenTransientFilePerm(temporary, O_WRONLY | O_CREAT | O_EXCL | PG_BINARY, 0666);
	error = errno;
	umask(mask);
	errno = error;
	if (file->fd < 0)
		ereport(ERROR, (errcode_for_file_access(), errmsg("could not create file \"%s\": %m", temporary)));
	file->temporary = temporary;
	return &file->base;
}

static void
file_write(PgeNewFile *base, const char *bytes, uint64 length)
{
	NewFile  *file = (NewFile *) base;

	pge_store_counts.requests++;
	pge_store_counts.bytes_written += length;
	base->length += length;
	while (length > 0)
	{
		ssize_t		written = write(file->fd, bytes, Min(length, 1 << 30));

		CHECK_FOR_INTERRUPTS();
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
		{
			/* No bytes and no error: no space. */
			if (written == 0)
				errno = ENOSPC;
			ereport(ERROR, (errcode_for_file_access(), errmsg("could not write to file \"%s\": %m", file->temporary)));
		}
		bytes += written;
		length -= written;
	}
}

static const char *
file_finish(PgeNewFile *base)
{
	NewFile  *file = (NewFile *) base;
	int			fd = file->fd;

	if (pg_fsync(fd) != 0)
		ereport(ERROR, (errcode_for_file_access(), errmsg("could not fsync file \"%s\": %m", file->temporary)));
	file->fd = -1;
	if (CloseTransientFile(fd) != 0)
		ereport(ERROR, (errcode_for_file_access(), errmsg("could not close file \"%s\": %m", file->temporary)));
	durable_rename(file->temporary, base->name, ERROR);
	file->temporary = NULL;
	return "";
}

static void
file_abandon(PgeNewFile *base)
{
	NewFile  *file = (NewFile *) base;

	if (file->temporary == NULL)
		return;
	if (file->fd >= 0)
		CloseTransientFile(file->fd);
	unlink(file->temporary);
	file->temporary = NULL;
}

/* ---- What there is ---- */

static bool
is_temporary(const char *key)
{
	const char *end = key + strlen(key);

	if (end - key < 8 || strcmp(end - 4, ".tmp") != 0)
		return false;
	end -= 4;
	for (int i = 0; i < 2; i++)
	{
		const char *number = end;

		while (number > key && isdigit((unsigned char) number[-1]))
			number--;
		if (number == end || number == key || *--number != '.')
			return false;
		end = number;
	}
	return true;
}

static void
fill_entry(PgeStoreEntry *entry, const char *key, const struct stat *status)
{
	entry->key = pstrdup(key);
	entry->length = status->st_size;
	entry->etag = "";
	entry->modified = time_t_to_timestamptz(status->st_mtime);
	entry->unfinished = is_temporary(key);
}

static bool
file_stat(PgeStore *store, const char *key, PgeStoreEntry *entry)
{
	char	   *path = path_of(store, key);
	struct stat status;

	pge_store_counts.requests++;
	if (stat(path, &status) != 0)
	{
		if (errno == ENOENT || errno == ENOTDIR)
			return false;
		ereport(ERROR, (errcode_for_file_access(), errmsg("could not stat file \"%s\": %m", path)));
	}
	if (!S_ISREG(status.st_mode))
		return false;
	fill_entry(entry, key, &status);
	return true;
}

/* Folders that are links are not gone through: they may lead in circles. Files that disappear meanwhile are passed by. */
static List *
list_folder(PgeStore *store, const char *folder, const char *prefix, List *entries)
{
	const char *path = *folder ? path_of(store, folder) : root_of(store);
	DIR		   *dir = AllocateDir(path);
	struct dirent *found;

	if (dir == NULL && errno == ENOENT && *folder)
		return entries;
	while ((found = ReadDir(dir, path)) != NULL)
	{
		char	   *key = *folder ? psprintf("%s/%s", folder, found->d_name) : pstrdup(found->d_name);
		char	   *file = path_of(store, key);
		struct stat status;

		CHECK_FOR_INTERRUPTS();
		if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0 ||
			strncmp(key, prefix, Min(strlen(key), strlen(prefix))) != 0)
			continue;
		if (get_dirent_type(file, found, false, ERROR) == PGFILETYPE_DIR)
			entries = list_folder(store, key, prefix, entries);
		else if (strlen(key) >= strlen(prefix) && stat(file, &status) == 0 && S_ISREG(status.st_mode))
		{
			PgeStoreEntry *entry = palloc0(sizeof(PgeStoreEntry));

			fill_entry(entry, key, &status);
			entries = lappend(entries, entry);
		}
		pfree(file);
	}
	FreeDir(dir);
	return entries;
}

static List *
file_list(PgeStore *store, const char *prefix)
{
	char	   *folder = pstrdup(prefix);
	char	   *slash = strrchr(folder, '/');

	pge_store_counts.requests++;
	if (slash != NULL)
		*slash = '\0';
	return list_folder(store, slash ? folder : "", prefix, NIL);
}

static List *
file_glob(PgeStore *store, const char *pattern)
{
	StringInfoData path;
	List	   *entries = NIL;
	glob_t		found;
	int			result;

	/* The folder's own name is no pattern. */
	initStringInfo(&path);
	for (const char *c = root_of(store); *c; c++)
	{
		if (strchr("*?[\\", *c))
			appendStringInfoChar(&path, '\\');
		appendStringInfoChar(&path, *c);
	}
	appendStringInfo(&path, "/%s", pattern);
	pge_store_counts.requests++;
	result = glob(path.data, GLOB_NOSORT, NULL, &found);
	if (result == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
		{
			PgeStoreEntry *entry;
			struct stat status;

			if (stat(found.gl_pathv[i], &status) != 0 || !S_ISREG(status.st_mode))
				continue;
			entry = palloc0(sizeof(PgeStoreEntry));
			fill_entry(entry, found.gl_pathv[i] + strlen(root_of(store)) + 1, &status);
			entries = lappend(entries, entry);
		}
	globfree(&found);
	if (result == GLOB_NOSPACE)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return entries;
}

static void
file_remove(PgeStore *store, const char *key)
{
	char	   *path = path_of(store, key);

	pge_store_counts.requests++;
	if (unlink(path) != 0 && errno != ENOENT)
		ereport(ERROR, (errcode_for_file_access(), errmsg("could not remove file \"%s\": %m", path)));
}

static const PgeStoreRoutine file_routine = {
	.open = file_open,
	.close = file_close,
	.create = file_create,
	.write = file_write,
	.finish = file_finish,
	.abandon = file_abandon,
	.stat = file_stat,
	.list = file_list,
	.glob = file_glob,
	.remove = file_remove,
};

PgeStore *
pge_file_store(Oid server, const char *name, const char *url)
{
	PgeStore   *store = palloc0(sizeof(PgeStore));

	store->routine = &file_routine;
	store->server = server;
	store->name = name;
	store->url = url;
	return store;
}
