/*
 * Parquet files: the machine's own files as a store, named file:///path. Who reads or writes them needs what COPY asks for. A new file
 * has a temporary name beside its own until it is finished and on disk.
 */
#include "postgres.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/acl.h"

#include "tiering.h"

#define SCHEME	"file://"

/* The path in a URL. */
static const char *
path_of(const char *url)
{
	const char *path = url + strlen(SCHEME);

	if (pg_strncasecmp(url, SCHEME, strlen(SCHEME)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unsupported URL: \"%s\"", url),
				 errhint("URLs are file:/// and the rest of an absolute path on the server.")));
	if (!is_absolute_path(path))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("URL \"%s\" has no absolute path", url),
				 errhint("After file:// comes a path that begins with a slash.")));
	return path;
}

static void
demand(Oid role, const char *name, const char *what)
{
	if (!has_privs_of_role(GetUserId(), role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to %s a file of the server", what),
				 errdetail("Only roles with privileges of the \"%s\" role may do that.", name)));
}

/* The files that a URL with wildcards names, by name; an error if there are none. */
List *
pge_store_list(const char *url)
{
	const char *path = path_of(url);
	List	   *paths = NIL;
	glob_t		found;
	int			result;

	demand(ROLE_PG_READ_SERVER_FILES, "pg_read_server_files", "read");
	if (strpbrk(path, "*?[") == NULL)
		return list_make1(pstrdup(path));
	result = glob(path, 0, NULL, &found);
	if (result == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			paths = lappend(paths, pstrdup(found.gl_pathv[i]));
	globfree(&found);
	if (result == GLOB_NOSPACE)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	if (paths == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FILE),
				 errmsg("no file matches \"%s\"", url)));
	return paths;
}

static void
read_file(PgeGroupSource *source, uint64 offset, uint64 length, char *dest)
{
	PgeStoredFile *file = (PgeStoredFile *) source;

	while (length > 0)
	{
		ssize_t		got = pg_pread(file->fd, dest, Min(length, 1 << 30), (off_t) offset);

		CHECK_FOR_INTERRUPTS();
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			ereport(ERROR, (errcode_for_file_access(), errmsg("could not read file \"%s\": %m", file->path)));
		if (got == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("file \"%s\" became shorter while it was read", file->path)));
		dest += got;
		offset += got;
		length -= got;
	}
}

/* The descriptor is closed by the transaction's end, if not before. */
PgeStoredFile *
pge_store_open(const char *path)
{
	PgeStoredFile *file = palloc0(sizeof(PgeStoredFile));
	struct stat status;

	file->source.read = read_file;
	file->path = path;
	file->fd = OpenTransientFile(path, O_RDONLY | PG_BINARY);
	if (file->fd < 0)
		ereport(ERROR, (errcode_for_file_access(), errmsg("could not open file \"%s\" for reading: %m", path)));
	if (fstat(file->fd, &status) != 0)
		ereport(ERROR, (errcode_for_file_access(), errmsg("could not stat file \"%s\": %m", path)));
	if (!S_ISREG(status.st_mode))
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("\"%s\" is not a regular file", path)));
	file->length = status.st_size;
	return file;
}

void
pge_store_close(PgeStoredFile *file)
{
	CloseTransientFile(file->fd);
	pfree(file);
}

const char *
pge_store_target(const char *url)
{
	const char *path = path_of(url);

	demand(ROLE_PG_WRITE_SERVER_FILES, "pg_write_server_files", "write");
	if (path[strlen(path) - 1] == '/')
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("\"%s\" names a directory", url)));
	return path;
}

/* *file is the caller's, who calls pge_store_abandon() whatever happens before it is finished. */
void
pge_store_create(PgeNewFile *file, const char *path)
{
	static uint32 number = 0;
	char	   *temporary = psprintf("%s.%d.%u.tmp", path, MyProcPid, ++number);
	mode_t		mask = umask(S_IWGRP | S_IWOTH);

	file->path = path;
	file->length = 0;
	file->fd = OpenTransientFilePerm(temporary, O_WRONLY | O_CREAT | O_EXCL | PG_BINARY, 0666);
	umask(mask);
	if (file->fd < 0)
		ereport(ERROR, (errcode_for_file_access(), errmsg("could not create file \"%s\": %m", temporary)));
	file->temporary = temporary;
}

void
pge_store_write(PgeNewFile *file, const char *bytes, uint64 length)
{
	file->length += length;
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

/* Gives the file its name, in place of one that had it. */
void
pge_store_finish(PgeNewFile *file)
{
	int			fd = file->fd;

	if (pg_fsync(fd) != 0)
		ereport(ERROR, (errcode_for_file_access(), errmsg("could not fsync file \"%s\": %m", file->temporary)));
	file->fd = -1;
	if (CloseTransientFile(fd) != 0)
		ereport(ERROR, (errcode_for_file_access(), errmsg("could not close file \"%s\": %m", file->temporary)));
	durable_rename(file->temporary, file->path, ERROR);
	file->temporary = NULL;
}

/* Removes what was written of a file that is not finished. Raises nothing. */
void
pge_store_abandon(PgeNewFile *file)
{
	if (file->temporary == NULL)
		return;
	if (file->fd >= 0)
		CloseTransientFile(file->fd);
	unlink(file->temporary);
	file->temporary = NULL;
}
