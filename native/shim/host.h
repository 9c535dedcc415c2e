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

/* The engine's, in native/executor/engine_*.c; the first argument is the engine's node. */
extern PgeStatus pge_host_source_rows(ptr host, i32 number, u64 **values, u8 **nulls, i32 capacity, i32 *rows);
extern PgeStatus pge_host_scan_next(ptr host, i32 number, PgeScanUnit *unit);
extern PgeStatus pge_host_scan_go(ptr host, i32 scan, i32 number);
extern PgeStatus pge_host_scan_rows(ptr host, i32 number, u64 **values, u8 **nulls, i32 capacity, i32 *rows);
extern PgeStatus pge_host_scan_missing(ptr host, i32 number, i32 column, u64 *value, u8 *null);
extern PgeStatus pge_host_scan_ahead(ptr host, i32 number, u64 *first, u64 **values, i32 *count);
extern PgeStatus pge_host_param_value(ptr host, i32 number, u64 *value, u8 *null);
extern PgeStatus pge_host_prepare_expression(ptr host, i32 id, i32 *columns, i32 *ncolumns);
extern PgeStatus pge_host_evaluate_rows(ptr host, i32 id, u64 **values, u8 **nulls, u16 *rows, i32 count, u64 *results, u8 *result_nulls);
extern PgeStatus pge_host_prepare_call(ptr host, u32 function, u32 collation, i32 expression, i32 *number);
extern PgeStatus pge_host_call_rows(ptr host, i32 number, u64 **values, u8 **nulls, u16 *rows, i32 count, u64 *results, u8 *result_nulls);
extern PgeStatus pge_host_prepare_order(ptr host, u32 operator_id, u32 collation, i32 *comparer);
extern PgeStatus pge_host_compare_rows(ptr host, i32 comparer, u64 *left, u64 *right, i32 count, i32 *results);
extern PgeStatus pge_host_hash_rows(ptr host, u32 type, u32 collation, u64 *values, u8 *nulls, i32 count, u64 *hashes);
extern PgeStatus pge_host_prepare_aggregate(ptr host, i32 id, i32 shared, i32 *number);
extern PgeStatus pge_host_aggregate_add(ptr host, i32 number, u32 *groups, u64 **values, u8 **nulls, i32 count, u64 *bytes);
extern PgeStatus pge_host_aggregate_show(ptr host, i32 number, i32 *groups, i32 count, u64 **direct, u8 **direct_nulls, u64 *results,
										 u8 *result_nulls);
extern PgeStatus pge_host_aggregate_clear(ptr host, i32 number);
extern PgeStatus pge_host_file_create(ptr host, i32 *file);
extern PgeStatus pge_host_file_write(ptr host, i32 file, u8 *bytes, u64 length);
extern PgeStatus pge_host_file_read(ptr host, i32 file, u8 *bytes, u64 length);
extern PgeStatus pge_host_file_seek(ptr host, i32 file, u64 place);
extern PgeStatus pge_host_file_close(ptr host, i32 file);
extern PgeStatus pge_host_share_begin(ptr host, i32 share, i32 *members, i32 *file);
extern PgeStatus pge_host_share_end(ptr host, i32 share, i32 file, u64 bytes);
extern PgeStatus pge_host_share_open(ptr host, i32 share, i32 member, i32 *file, u64 *bytes);

/* A graph's, in native/indexam/hnsw_access.c and hnsw_insert.c; the first argument is a use of an index. */
extern PgeStatus pge_host_graph_links(ptr host, u32 vertex, u32 *links, i32 *count);
extern PgeStatus pge_host_graph_payloads(ptr host, u32 *vertices, i32 count, u32 next, u8 **payloads, u8 *states);
extern PgeStatus pge_host_graph_add_row(ptr host, u32 vertex, u8 *payload, u8 *tid, i32 *done);
extern PgeStatus pge_host_graph_add_vertex(ptr host, u8 *record, u32 *vertex);
extern PgeStatus pge_host_graph_set_links(ptr host, u32 vertex, u32 *old, i32 old_count, u32 *links, i32 count, i32 *done);
extern PgeStatus pge_host_graph_add_entry(ptr host, u32 vertex);

#endif							/* PGE_HOST_H */
