/*
 * Column store: which statement is running. Lets the writer know when rows come in bulk and when the statement that brought
 * them is over, since INSERT ... SELECT tells a table access method neither.
 */
#ifndef PGE_STATEMENT_H
#define PGE_STATEMENT_H

/* One running utility command or executor run; they nest (functions, triggers). */
typedef struct PgeStatement
{
	struct PgeStatement *outer;
	int			level;			/* 1 for a client's statement */
	bool		bulk_insert;	/* INSERT ... SELECT */
	bool		returning;		/* ... that may show its rows' TIDs */
	bool		single_rows;	/* another that changes rows: those that it stores go to the delta */
} PgeStatement;

extern PgeStatement *pge_statement;	/* the innermost one, or NULL before the hooks were installed */

extern void pge_statement_init(void);

#endif							/* PGE_STATEMENT_H */
