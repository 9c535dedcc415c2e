/*
 * Stores: a request of S3's protocol as a transfer of libcurl's; what s3_request.c, which waits for one, and s3_ahead.c, which has some
 * under way, have of each other.
 */
#ifndef PGE_S3_TRANSFER_H
#define PGE_S3_TRANSFER_H

#include "curl.h"
#include "s3.h"

typedef struct S3Transfer
{
	S3Request  *request;
	const char *url;
	CURL	   *easy;
	bool		done;
	int			result;			/* CURLE_... */
	char		error[CURL_ERROR_SIZE];
	bool		overflow;		/* more came than asked for */
} S3Transfer;

/* s3_request.c */

#define PGE_S3_STEP_MS	50		/* between two looks for interrupts */

extern char *pge_s3_url(const S3Request *request);

/* The headers of a transfer's request, to be freed when it is over. */
extern struct curl_slist *pge_s3_headers(PgeCurl *curl, const S3Transfer *transfer);

/* Makes a transfer ready to run, with an easy handle that is as new; false: memory is out. Raises nothing. */
extern bool pge_s3_prepare(PgeCurl *curl, S3Transfer *transfer, struct curl_slist *headers);

/* Moves what can be moved without waiting, of all transfers; and waits a moment until something can. */
extern void pge_s3_step(PgeCurl *curl);
extern void pge_s3_wait(PgeCurl *curl);

/* s3_ahead.c: those of its requests run that may; a part of each step */
extern void pge_s3_ahead_start(PgeCurl *curl);

#endif							/* PGE_S3_TRANSFER_H */
