/*
 * Stores: the part of libcurl that is used. The library is opened at the first request to a server of objects: sessions that make none
 * load neither it nor what it brings, and a server without it can do all the rest. As with LZ4 and ZSTD its functions are declared
 * here, so that building needs no headers of it; their prototypes and numbers do not change within libcurl.so.4. A module of our own
 * that is linked with it would do the same for sessions, but not for building and installing.
 */
#ifndef PGE_CURL_H
#define PGE_CURL_H

typedef void CURL;
typedef void CURLM;

typedef struct PgeCurlMessage
{
	int			message;
	CURL	   *easy;
	union
	{
		void	   *whatever;
		int			result;
	}			data;
} PgeCurlMessage;

struct curl_slist;

/* Numbers of options: of longs, of pointers, of functions, of 64-bit integers. */
#define CURLOPT_LOW_SPEED_LIMIT			19
#define CURLOPT_LOW_SPEED_TIME			20
#define CURLOPT_NOBODY					44
#define CURLOPT_HTTP_VERSION			84
#define CURLOPT_BUFFERSIZE				98
#define CURLOPT_NOSIGNAL				99
#define CURLOPT_CONNECTTIMEOUT_MS		156
#define CURLOPT_PROTOCOLS				181
#define CURLOPT_WRITEDATA				10001
#define CURLOPT_URL						10002
#define CURLOPT_RANGE					10007
#define CURLOPT_ERRORBUFFER				10010
#define CURLOPT_POSTFIELDS				10015
#define CURLOPT_USERAGENT				10018
#define CURLOPT_HTTPHEADER				10023
#define CURLOPT_HEADERDATA				10029
#define CURLOPT_CUSTOMREQUEST			10036
#define CURLOPT_CAINFO					10065
#define CURLOPT_PRIVATE					10103
#define CURLOPT_WRITEFUNCTION			20011
#define CURLOPT_HEADERFUNCTION			20079
#define CURLOPT_POSTFIELDSIZE_LARGE		30120

#define CURLINFO_RESPONSE_CODE			0x200002
#define CURLINFO_PRIVATE				0x100015
#define CURLMSG_DONE					1
#define CURLMOPT_MAXCONNECTS			6
#define CURL_HTTP_VERSION_1_1			2L
#define CURLPROTO_HTTP_AND_HTTPS		3L
#define CURL_ERROR_SIZE					256

/* What comes of a transfer. */
#define CURLE_OK						0
#define CURLE_COULDNT_RESOLVE_PROXY		5
#define CURLE_COULDNT_RESOLVE_HOST		6
#define CURLE_COULDNT_CONNECT			7
#define CURLE_PARTIAL_FILE				18
#define CURLE_WRITE_ERROR				23
#define CURLE_OPERATION_TIMEDOUT		28
#define CURLE_SSL_CONNECT_ERROR			35
#define CURLE_GOT_NOTHING				52
#define CURLE_SEND_ERROR				55
#define CURLE_RECV_ERROR				56
#define CURLE_PEER_FAILED_VERIFICATION	60

typedef struct PgeCurl
{
	int			(*global_init) (long flags);
	CURL	   *(*easy_init) (void);
	int			(*easy_setopt) (CURL *easy, int option,...);
	int			(*easy_getinfo) (CURL *easy, int info,...);
	void		(*easy_reset) (CURL *easy);
	const char *(*easy_strerror) (int result);
	CURLM	   *(*multi_init) (void);
	int			(*multi_setopt) (CURLM *multi, int option,...);
	int			(*multi_add_handle) (CURLM *multi, CURL *easy);
	int			(*multi_remove_handle) (CURLM *multi, CURL *easy);
	int			(*multi_perform) (CURLM *multi, int *running);
	int			(*multi_poll) (CURLM *multi, void *extra, unsigned nextra, int timeout_ms, int *ready);
	PgeCurlMessage *(*multi_info_read) (CURLM *multi, int *queued);
	struct curl_slist *(*slist_append) (struct curl_slist *list, const char *string);
	void		(*slist_free_all) (struct curl_slist *list);
	CURL	   *easy;			/* of this session: one request at a time, beside those ahead (s3_ahead.c) */
	CURLM	   *multi;			/* keeps its connections */
} PgeCurl;

/* Opened and set up; an error if the machine has none. */
extern PgeCurl *pge_curl(void);

#endif							/* PGE_CURL_H */
