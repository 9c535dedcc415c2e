/*
 * LZ4 and ZSTD for the managed side.
 *
 * Both libraries are opened when first asked for: a server without one must still load us, and say so only to who wants that codec.
 * Their few functions are declared here, so that building needs no headers of theirs; these prototypes are stable.
 */
#include "postgres.h"

#include <dlfcn.h>

#include "host.h"

/* Decompression and compression of one block at a time need no state, but zstd is faster when it keeps its working memory. */
static struct
{
	bool		tried;
	bool		available;
	int			(*compress_bound) (int length);
	int			(*compress_fast) (const char *src, char *dst, int length, int capacity, int acceleration);
	int			(*decompress_safe) (const char *src, char *dst, int length, int capacity);
}			lz4;

static struct
{
	bool		tried;
	bool		available;
	size_t		(*compress_bound) (size_t length);
	void	   *(*create_cctx) (void);
	size_t		(*free_cctx) (void *cctx);
	size_t		(*compress_cctx) (void *cctx, void *dst, size_t capacity, const void *src, size_t length, int level);
	void	   *(*create_dctx) (void);
	size_t		(*decompress_dctx) (void *dctx, void *dst, size_t capacity, const void *src, size_t length);
	unsigned	(*is_error) (size_t result);
	void	   *cctx;
	void	   *dctx;
}			zstd;

/* Above this zstd's working memory grows to many megabytes; it is given back after each block. */
#define ZSTD_KEEP_LEVEL 9

typedef struct Symbol
{
	const char *name;
	void	  **function;
} Symbol;

static bool
open_library(const char *file, const Symbol *symbols, int count)
{
	void	   *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);

	if (library == NULL)
		return false;
	for (int i = 0; i < count; i++)
	{
		*symbols[i].function = dlsym(library, symbols[i].name);
		if (*symbols[i].function == NULL)
			return false;
	}
	return true;
}

static bool
have_lz4(void)
{
	if (!lz4.tried)
	{
		const Symbol symbols[] = {
			{"LZ4_compressBound", (void **) &lz4.compress_bound},
			{"LZ4_compress_fast", (void **) &lz4.compress_fast},
			{"LZ4_decompress_safe", (void **) &lz4.decompress_safe},
		};

		lz4.tried = true;
		lz4.available = open_library("liblz4.so.1", symbols, lengthof(symbols));
	}
	return lz4.available;
}

static bool
have_zstd(void)
{
	if (!zstd.tried)
	{
		const Symbol symbols[] = {
			{"ZSTD_compressBound", (void **) &zstd.compress_bound},
			{"ZSTD_createCCtx", (void **) &zstd.create_cctx},
			{"ZSTD_freeCCtx", (void **) &zstd.free_cctx},
			{"ZSTD_compressCCtx", (void **) &zstd.compress_cctx},
			{"ZSTD_createDCtx", (void **) &zstd.create_dctx},
			{"ZSTD_decompressDCtx", (void **) &zstd.decompress_dctx},
			{"ZSTD_isError", (void **) &zstd.is_error},
		};

		zstd.tried = true;
		zstd.available = open_library("libzstd.so.1", symbols, lengthof(symbols));
	}
	return zstd.available;
}

i32
pge_codec_available(i32 codec)
{
	switch (codec)
	{
		case PgeCodec_None:
			return true;
		case PgeCodec_Lz4:
			return have_lz4();
		case PgeCodec_Zstd:
			return have_zstd();
		default:
			return false;
	}
}

/* LZ4 counts in int; a chunk that doesn't fit is one that it can't compress. */
i64
pge_compress_bound(i32 codec, i64 length)
{
	if (codec == PgeCodec_Lz4 && have_lz4() && length >= 0 && length <= PG_INT32_MAX)
	{
		int			bound = lz4.compress_bound((int) length);

		return bound > 0 ? bound : -1;
	}
	if (codec == PgeCodec_Zstd && have_zstd() && length >= 0)
	{
		size_t		bound = zstd.compress_bound(length);

		return zstd.is_error(bound) ? -1 : (i64) bound;
	}
	return -1;
}

static i64
compress_zstd(i32 level, const u8 *src, i64 length, u8 *dst, i64 capacity)
{
	size_t		written;

	if (zstd.cctx == NULL)
		zstd.cctx = zstd.create_cctx();
	if (zstd.cctx == NULL)
		return -1;
	written = zstd.compress_cctx(zstd.cctx, dst, capacity, src, length, level);
	if (level > ZSTD_KEEP_LEVEL)
	{
		zstd.free_cctx(zstd.cctx);
		zstd.cctx = NULL;
	}
	return zstd.is_error(written) ? -1 : (i64) written;
}

/*
 * Levels are zstd's. LZ4's thorough compressor would make lineitem of TPC-H 0.6 % smaller and its load a tenth slower; who wants it smaller
 * takes zstd.
 */
i64
pge_compress(i32 codec, i32 level, u8 *src, i64 length, u8 *dst, i64 capacity)
{
	if (length < 0 || capacity < 0)
		return -1;
	if (codec == PgeCodec_Lz4 && have_lz4() && length <= PG_INT32_MAX)
	{
		int			room = (int) Min(capacity, PG_INT32_MAX);
		int			written = lz4.compress_fast((const char *) src, (char *) dst, (int) length, room, 1);

		return written > 0 ? written : -1;
	}
	if (codec == PgeCodec_Zstd && have_zstd())
		return compress_zstd(level, src, length, dst, capacity);
	return -1;
}

i64
pge_decompress(i32 codec, u8 *src, i64 length, u8 *dst, i64 capacity)
{
	if (length < 0 || capacity < 0)
		return -1;
	if (codec == PgeCodec_Lz4 && have_lz4() && length <= PG_INT32_MAX)
	{
		int			written = lz4.decompress_safe((const char *) src, (char *) dst, (int) length, (int) Min(capacity, PG_INT32_MAX));

		return written >= 0 ? written : -1;
	}
	if (codec == PgeCodec_Zstd && have_zstd())
	{
		size_t		written;

		if (zstd.dctx == NULL)
			zstd.dctx = zstd.create_dctx();
		if (zstd.dctx == NULL)
			return -1;
		written = zstd.decompress_dctx(zstd.dctx, dst, capacity, src, length);
		return zstd.is_error(written) ? -1 : (i64) written;
	}
	return -1;
}
