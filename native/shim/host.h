/*
 * What the shim gives to the managed side.
 */
#ifndef PGE_HOST_H
#define PGE_HOST_H

#include "pge.h"

extern const PgeHostApi pge_host;

/* host_codec.c */
extern i32	pge_codec_available(i32 codec);
extern i64	pge_compress_bound(i32 codec, i64 length);
extern i64	pge_compress(i32 codec, i32 level, u8 *src, i64 length, u8 *dst, i64 capacity);
extern i64	pge_decompress(i32 codec, u8 *src, i64 length, u8 *dst, i64 capacity);

#endif							/* PGE_HOST_H */
