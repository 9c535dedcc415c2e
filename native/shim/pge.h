/*
 * What every C file of the extension includes after postgres.h: the way into the managed library, and the way its errors come out.
 *
 * Nothing here may be used in the postmaster, in a critical section, under a spinlock, in redo or in an exit callback: every one of
 * these functions can raise, and the managed library must not run there (native/README.md has the rules and the reasons).
 */
#ifndef PGE_H
#define PGE_H

#include "miscadmin.h"
#include "utils/palloc.h"

#include "pge_abi.h"
#include "guc.h"

/* One version for shim, managed library and SQL. */
#define PGE_VERSION "0.1.0"

/* runtime.c's state, here only so that pge_managed() costs two loads and a compare. */
extern PgeManagedApi pge_managed_table;
extern int	pge_managed_pid;
extern const PgeManagedApi *pge_managed_start(void);

/* guard.c's state, likewise for pge_check(). */
extern bool pge_error_waits;
extern void pge_raise(PgeStatus status);

/*
 * The managed library's functions. The first call in a process loads and starts it; raises when that cannot be done.
 * A forked copy of a process that has started it is refused, since only the forking thread survives.
 */
static inline const PgeManagedApi *
pge_managed(void)
{
	if (likely(pge_managed_pid == MyProcPid))
		return &pge_managed_table;
	return pge_managed_start();
}

/*
 * Raises what an export left behind. Must follow every export that returns a status, at once: until then the error's texts are in
 * a buffer that the next error overwrites. An error of PostgreSQL that a host function caught is re-thrown even when the managed
 * side claims success, so that nothing managed can swallow one.
 */
static inline void
pge_check(PgeStatus status)
{
	if (unlikely(status != PgeStatus_Ok || pge_error_waits))
		pge_raise(status);
}

/* permission.c */
extern void pge_check_owner(Oid relid);
extern void pge_check_may_write(const char *function);

/* Calls an export and raises its error: PGE_CALL(WriterAppend, handle, values, nulls, rows, &state). */
#define PGE_CALL(fn, ...) pge_check(pge_managed()->fn(__VA_ARGS__))

/* Lets a handle die with the memory context. On failure the handle is freed before the error is raised. */
extern void pge_own_handle(MemoryContext cxt, u64 handle);

/* Of what the managed side reads where it lies so much more can be read. */
#define PGE_READ_SLACK	64

/*
 * Where the bytes of a stored row group come from. PgeGroupRef.Token points to one, which the opener of the reader keeps alive as long
 * as the reader. read() may raise; it fills dest with exactly length bytes.
 */
typedef struct PgeGroupSource PgeGroupSource;
struct PgeGroupSource
{
	void		(*read) (PgeGroupSource *self, uint64 offset, uint64 length, char *dest);
	/* Where the bytes lie, with PGE_READ_SLACK more that can be read. NULL, or gives NULL: read() is asked. */
	const char *(*at) (PgeGroupSource *self, uint64 offset, uint64 length);
	/* Parts of one length, one after another; NULL: read() for each. */
	void		(*read_parts) (PgeGroupSource *self, const uint64 *offsets, int count, uint64 length, char *dest);
	void		(*column) (PgeGroupSource *self, int column, PgeGroupRef *image);	/* of cold groups; else NULL */
};

static inline u64
pge_group_token(PgeGroupSource *source)
{
	return (u64) (uintptr_t) source;
}

#endif							/* PGE_H */
