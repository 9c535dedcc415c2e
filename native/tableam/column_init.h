/*
 * Column store: what the library's entry calls.
 */
#ifndef PGE_COLUMN_INIT_H
#define PGE_COLUMN_INIT_H

extern void pge_column_init(void);

#endif							/* PGE_COLUMN_INIT_H */
