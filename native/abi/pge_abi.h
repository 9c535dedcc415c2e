/*
 * The boundary as C sees it: pge_abi.def expanded into enums, structs, tables and the asserts that hold their layout.
 * Includes no PostgreSQL header, so that a fake host can use it too.
 */
#ifndef PGE_ABI_H
#define PGE_ABI_H

#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t i32;
typedef int64_t i64;
typedef float f32;
typedef double f64;
typedef void *ptr;

#include "pge_abi_hash.h"		/* PGE_ABI_HASH: first 32 bits of pge_abi.def's sha256, made by the build */

/* Pass 1: declarations. Enumerators carry their type's name: PgeStatus_Ok. */
#define PGE_ENUM(name) typedef enum name {
#define PGE_VALUE(name, value, number) name##_##value = number,
#define PGE_ENUM_END(name) } name;
#define PGE_STRUCT(name, size) typedef struct name name; struct name {
#define PGE_FIELD(name, type, field, offset) type field;
#define PGE_STRUCT_END(name) };
#define PGE_TABLE(name) typedef struct name name; struct name {
#define PGE_MEMBER(name, type, field) type field;
#define PGE_FN(name, ret, fn, ...) ret (*fn) (__VA_ARGS__);
#define PGE_FN0(name, ret, fn) ret (*fn) (void);
#define PGE_LEAF_FN PGE_FN
#define PGE_LEAF_FN0 PGE_FN0
#define PGE_TABLE_END(name) };
#include "pge_abi.def"
#undef PGE_ENUM
#undef PGE_VALUE
#undef PGE_ENUM_END
#undef PGE_STRUCT
#undef PGE_FIELD
#undef PGE_STRUCT_END
#undef PGE_TABLE
#undef PGE_MEMBER
#undef PGE_FN
#undef PGE_FN0
#undef PGE_TABLE_END

/* Pass 2: every offset and size is what the declaration says. */
#define PGE_ENUM(name) _Static_assert(sizeof(name) == 4, #name " is not 4 bytes");
#define PGE_VALUE(name, value, number)
#define PGE_ENUM_END(name)
#define PGE_STRUCT(name, size) _Static_assert(sizeof(name) == size, #name " is not " #size " bytes");
#define PGE_FIELD(name, type, field, offset) \
	_Static_assert(offsetof(name, field) == offset, #name "." #field " is not at " #offset);
#define PGE_STRUCT_END(name)
#define PGE_TABLE(name)
#define PGE_MEMBER(name, type, field)
#define PGE_FN(name, ret, fn, ...) _Static_assert(offsetof(name, fn) % 8 == 0, #name "." #fn " is not aligned");
#define PGE_FN0(name, ret, fn) PGE_FN(name, ret, fn, void)
#define PGE_TABLE_END(name)
#include "pge_abi.def"
#undef PGE_ENUM
#undef PGE_VALUE
#undef PGE_ENUM_END
#undef PGE_STRUCT
#undef PGE_FIELD
#undef PGE_STRUCT_END
#undef PGE_TABLE
#undef PGE_MEMBER
#undef PGE_FN
#undef PGE_FN0
#undef PGE_LEAF_FN
#undef PGE_LEAF_FN0
#undef PGE_TABLE_END

/*
 * The one symbol that the managed library exports. Fills *managed; a mismatch of sizes or hashes leaves *managed's
 * pair for the shim to report.
 */
#define PGE_INIT_SYMBOL "pge_managed_init"
typedef PgeStatus (*PgeManagedInit) (const PgeHostApi *host, PgeManagedApi *managed);

#endif							/* PGE_ABI_H */
