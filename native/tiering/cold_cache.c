/*
 * Tiering: the cache of what was read of cold groups: a file for each column, found by a name that follows from the object's. Where the
 * files are, and how they are named, the server takes them for temporary ones: it removes them at its start, and base backups leave them
 * out. Nothing is lost with a file: who misses one asks the store again. So whatever fails here is no error, but reading what is open.
 *
 * A file appears under its name when it is complete. Above epiphany.cold_cache_size those go that nobody has opened for longest; who has
 * one of them open reads on.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include "common/file_perm.h"
#include "common/file_utils.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "port/pg_crc32c.h"
#include "storage/fd.h"
#include "utils/wait_event.h"

#include "cold.h"

#define TEMP_DIRECTORY	"base/" PG_TEMP_FILES_DIR
#define DIRECTORY		TEMP_DIRECTORY "/" PG_TEMP_FILE_PREFIX "_epiphany_cold"

#define IMAGE_MAGIC		0x49434750	/* "PGCI" */

/* Of the limit so much is left when files have gone. */
#define KEEP_PERCENT	90

typedef struct FileHead
{
	uint32		magic;
	uint32		crc;			/* of what follows */
	uint64		length;			/* of the image, behind this */
	uint64		footer_offset;
	uint32		footer_length;
	uint32		reserved;
} FileHead;

StaticAssertDecl(sizeof(FileHead) == 32, "head of a cached column");

static pg_crc32c
head_crc(const FileHead *head)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, (const char *) head + offsetof(FileHead, length), sizeof(FileHead) - offsetof(FileHead, length));
	FIN_CRC32C(crc);
	return crc;
}

/* The name of a column's file. Keys of objects are never used twice. */
void
pge_cold_cache_name(PgeColdImage *image, const PgeColdGroup *cold, int column)
{
	char	   *what = psprintf("%s %s %d", cold->key, cold->etag, column);
	int			length = (int) strlen(what);

	snprintf(image->path, sizeof(image->path), DIRECTORY "/%016llx%016llx",
			 (unsigned long long) hash_bytes_extended((unsigned char *) what, length, 0),
			 (unsigned long long) hash_bytes_extended((unsigned char *) what, length, 1));
	pfree(what);
}

/* Opens the column's file; false: there is none, or it is none that can be used. */
bool
pge_cold_cache_open(PgeColdImage *image)
{
	FileHead	head;

	if (pge_cold_cache_size == 0)
		return false;
	image->file = PathNameOpenFile(image->path, O_RDONLY | PG_BINARY);
	if (image->file < 0)
		return false;
	if (FileRead(image->file, &head, sizeof(head), 0, WAIT_EVENT_BUFFILE_READ) != sizeof(head) || head.magic != IMAGE_MAGIC ||
		!EQ_CRC32C(head.crc, head_crc(&head)) || FileSize(image->file) != (off_t) (sizeof(head) + head.length))
	{
		pge_cold_cache_close(image);
		(void) unlink(image->path);
		return false;
	}
	image->length = head.length;
	image->footer_offset = head.footer_offset;
	image->footer_length = head.footer_length;
	/* Used last now; who misses that loses an order, no more. */
	(void) utime(image->path, NULL);
	return true;
}

void
pge_cold_cache_close(PgeColdImage *image)
{
	if (image->file >= 0)
		FileClose(image->file);
	image->file = -1;
}

/* Reads of an open file; false: it was thrown away. */
bool
pge_cold_cache_read(PgeColdImage *image, uint64 offset, uint64 length, char *dest)
{
	while (length > 0)
	{
		ssize_t		got;

		if (image->file < 0)
			return false;
		got = FileRead(image->file, dest, Min(length, (uint64) 1 << 30), (off_t) (sizeof(FileHead) + offset), WAIT_EVENT_BUFFILE_READ);
		CHECK_FOR_INTERRUPTS();
		if (got < 0 && errno != ENOENT)
			ereport(ERROR, (errcode_for_file_access(), errmsg("could not read file \"%s\": %m", image->path)));
		if (got <= 0)
			return false;
		dest += got;
		offset += got;
		length -= got;
	}
	return true;
}

/* ---- what is too much ---- */

typedef struct Cached
{
	char		name[64];
	time_t		used;
	uint64		bytes;
} Cached;

static int
compare_used(const void *a, const void *b)
{
	time_t		x = ((const Cached *) a)->used;
	time_t		y = ((const Cached *) b)->used;

	return x < y ? -1 : x > y;
}

/* Files go, those first that were not opened for longest. */
static void
make_smaller(void)
{
	uint64		limit = ((uint64) pge_cold_cache_size << 20) / 100 * KEEP_PERCENT,
				total = 0;
	int			n = 0,
				room = 256;
	Cached	   *files;
	DIR		   *directory;
	struct dirent *entry;

	if (!pge_cold_cache_lock())
		return;
	files = palloc_array(Cached, room);
	directory = AllocateDir(DIRECTORY);
	while ((entry = ReadDirExtended(directory, DIRECTORY, LOG)) != NULL)
	{
		char		path[MAXPGPATH];
		struct stat status;

		snprintf(path, sizeof(path), DIRECTORY "/%s", entry->d_name);
		if (strlen(entry->d_name) >= sizeof(files->name) || stat(path, &status) != 0 || !S_ISREG(status.st_mode))
			continue;
		if (n == room)
			files = repalloc_array(files, Cached, room *= 2);
		strlcpy(files[n].name, entry->d_name, sizeof(files->name));
		files[n].used = status.st_mtime;
		files[n].bytes = status.st_size;
		total += files[n++].bytes;
	}
	if (directory != NULL)
		FreeDir(directory);
	qsort(files, n, sizeof(Cached), compare_used);
	for (int i = 0; i < n && total > limit; i++)
	{
		char		path[MAXPGPATH];

		snprintf(path, sizeof(path), DIRECTORY "/%s", files[i].name);
		if (unlink(path) == 0 || errno == ENOENT)
			total -= files[i].bytes;
	}
	pge_cold_cache_unlock(total);
	pfree(files);
}

/* ---- new files ---- */

static bool
write_piece(int fd, const char *bytes, uint64 length)
{
	while (length > 0)
	{
		ssize_t		written = write(fd, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
		{
			if (written == 0)
				errno = ENOSPC;
			return false;
		}
		bytes += written;
		length -= written;
	}
	return true;
}

static bool
write_image(int fd, const PgeGroupImage *group)
{
	FileHead	head = {.magic = IMAGE_MAGIC,.length = group->Length,.footer_offset = group->FooterOffset};
	bool		done;

	head.footer_length = group->FooterLength;
	head.crc = head_crc(&head);
	done = write_piece(fd, (char *) &head, sizeof(head));
	for (uint64 offset = 0; done && offset < group->Length; offset += group->SegmentBytes)
		done = write_piece(fd, (const char *) (uintptr_t) group->Segments[offset / group->SegmentBytes],
						   Min(group->SegmentBytes, group->Length - offset));
	return done;
}

static int
create_file(const char *path)
{
	int			fd = OpenTransientFile(path, O_WRONLY | O_CREAT | O_TRUNC | PG_BINARY);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	(void) MakePGDirectory(TEMP_DIRECTORY);
	(void) MakePGDirectory(DIRECTORY);
	return OpenTransientFile(path, O_WRONLY | O_CREAT | O_TRUNC | PG_BINARY);
}

/* Keeps an image for all sessions; false: there is no room for it, or it could not be written. */
bool
pge_cold_cache_store(const PgeColdImage *image)
{
	char		temporary[MAXPGPATH];
	uint64		bytes = sizeof(FileHead) + image->length;
	int			fd;
	bool		done;

	if (bytes > (uint64) pge_cold_cache_size << 20)
		return false;
	snprintf(temporary, sizeof(temporary), "%s.%d", image->path, MyProcPid);
	fd = create_file(temporary);
	done = fd >= 0 && write_image(fd, &image->group);
	if (!done)
		ereport(LOG,
				(errcode_for_file_access(),
				 errmsg("could not write file \"%s\": %m", temporary),
				 errdetail("What was read of a cold row group stays in the session's memory."),
				 errhint("Where the disk is full, epiphany.cold_cache_size can be made smaller.")));
	if (fd >= 0)
		done &= CloseTransientFile(fd) == 0;
	done = done && rename(temporary, image->path) == 0;
	if (!done)
	{
		(void) unlink(temporary);
		return false;
	}
	if (pge_cold_cache_grew(bytes))
		make_smaller();
	return true;
}
