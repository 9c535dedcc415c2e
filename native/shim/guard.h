/*
 * The border guard: no PostgreSQL error crosses a managed frame.
 *
 * A host function that can raise has its body between PGE_GUARD and PGE_GUARD_END. An error that the body raises is caught, its data
 * stays on PostgreSQL's error stack, and the managed side gets PgeStatus_PgError, unwinds its own frames and returns the same
 * from its export; pge_check() then re-throws. While an error so waits, guarded functions refuse to run: clean-up code on the
 * managed side could otherwise raise a second one over the first.
 *
 * Between the throw and the re-throw InterruptHoldoffCount and QueryCancelHoldoffCount are 0, as errfinish() left them and as every
 * PG_CATCH expects; error_context_stack and PG_exception_stack are the thunk's caller's.
 */
#ifndef PGE_GUARD_H
#define PGE_GUARD_H

#include "pge.h"

#define PGE_GUARD \
	do { \
		MemoryContext pge_guard_context = CurrentMemoryContext; \
		if (unlikely(pge_error_waits)) \
			return PgeStatus_PgError; \
		PG_TRY(); \
		{

#define PGE_GUARD_END \
		} \
		PG_CATCH(); \
		{ \
			MemoryContextSwitchTo(pge_guard_context); \
			pge_error_waits = true; \
		} \
		PG_END_TRY(); \
		return pge_error_waits ? PgeStatus_PgError : PgeStatus_Ok; \
	} while (0)

/* Where the managed side writes its errors; PgeHostApi.Error points here. */
extern PgeError pge_error;

#endif							/* PGE_GUARD_H */
