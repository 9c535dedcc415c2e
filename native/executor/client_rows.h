/* Executor: rows of the engine as text for the client; see client_rows.c. */
#ifndef PGE_CLIENT_ROWS_H
#define PGE_CLIENT_ROWS_H

/* Called once, when the library is loaded. */
extern void pge_client_rows_init(void);

#endif							/* PGE_CLIENT_ROWS_H */
