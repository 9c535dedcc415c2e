/*
 * Stores: what went wrong with a request, in users' words. What the store says goes into the detail, as plain characters; nothing of what
 * was sent does but names.
 */
#include "postgres.h"

#include "s3.h"

/* Of a store's own message. */
#define MOST_MESSAGE	200

/* Who knows what came: no control characters, no bytes that may not be of the database's encoding. */
static char *
plain(const char *text)
{
	char	   *copy = pnstrdup(text ? text : "", MOST_MESSAGE);

	for (char *c = copy; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return copy;
}

static bool
one_of(const char *code, const char *const *codes)
{
	for (; *codes != NULL; codes++)
		if (strcmp(code, *codes) == 0)
			return true;
	return false;
}

/* The object, or the bucket where the request is about that. */
static char *
subject(const S3Request *request)
{
	if (request->key != NULL)
		return psprintf("object \"%s\"", pge_store_name(&request->store->base, request->key));
	return psprintf("bucket \"%s\"", request->store->bucket);
}

static char *
answer(const S3Request *request, const char *code)
{
	char	   *message = plain(pge_s3_element(request->text.data, "Message", NULL));
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "Server \"%s\" answered %ld%s%s%s%s", request->store->base.name, request->status, *code ? " " : "", code,
					 *message ? ": " : "", message);
	if (text.data[text.len - 1] != '.')
		appendStringInfoChar(&text, '.');
	if (request->attempts > 1)
		appendStringInfo(&text, " It was asked %d times.", request->attempts);
	return text.data;
}

/* What to look at where access is refused. */
static char *
refused_hint(const S3Request *request, const char *code)
{
	static const char *const wrong_keys[] = {"InvalidAccessKeyId", "SignatureDoesNotMatch", NULL};
	static const char *const wrong_tokens[] = {"ExpiredToken", "InvalidToken", "TokenRefreshRequired", NULL};
	const char *user = request->store->user;

	if (request->store->access_key_id == NULL)
		return psprintf("The user mapping of %s has no access_key_id, so that requests are not signed.", user);
	if (one_of(code, wrong_keys))
		return psprintf("Look at access_key_id and secret_access_key in the user mapping of %s.", user);
	if (one_of(code, wrong_tokens))
		return psprintf("Look at session_token in the user mapping of %s: such keys are good for some hours only.", user);
	if (strcmp(code, "RequestTimeTooSkewed") == 0)
		return pstrdup("The clocks of this machine and the store differ by minutes.");
	return psprintf("The key in the user mapping of %s, or what the store calls its policy, does not allow it.", user);
}

static void
wrong_region(const S3Request *request, const char *code)
{
	char	   *region = plain(request->region[0] ? request->region : pge_s3_element(request->text.data, "Region", NULL));

	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			 errmsg("could not %s %s: its bucket is not in region \"%s\"", request->what, subject(request), request->store->region),
			 errdetail("%s", answer(request, code)),
			 *region ? errhint("Set the option \"region\" of server \"%s\" to \"%s\".", request->store->base.name, region) :
			 errhint("Look at the options \"region\" and \"endpoint\" of server \"%s\".", request->store->base.name)));
}

void
pge_s3_error(const S3Request *request)
{
	static const char *const region_codes[] = {"AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect",
	"IllegalLocationConstraintException", NULL};
	static const char *const refusal_codes[] = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken",
	"TokenRefreshRequired", "RequestTimeTooSkewed", "AccessDenied", NULL};
	char	   *code = plain(pge_s3_element(request->text.data, "Code", NULL));

	if (one_of(code, region_codes) || request->status == 301 || request->status == 307)
		wrong_region(request, code);
	if (strcmp(code, "NoSuchBucket") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("could not %s %s: bucket \"%s\" does not exist", request->what, subject(request), request->store->bucket),
				 errdetail("%s", answer(request, code)),
				 errhint("Look at the options \"url\", \"endpoint\" and \"region\" of server \"%s\".", request->store->base.name)));
	if (strcmp(code, "InvalidObjectState") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("could not %s %s: the store has it in an archive", request->what, subject(request)),
				 errdetail("%s", answer(request, code)),
				 errhint("Of a row group epiphany.restore_group() has the store make it readable for some days.")));
	if (request->status == 404)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FILE),
				 errmsg("could not %s %s: it does not exist", request->what, subject(request)),
				 errdetail("%s", answer(request, code))));
	if (request->status == 401 || request->status == 403 || one_of(code, refusal_codes))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("could not %s %s: access is refused", request->what, subject(request)),
				 errdetail("%s", answer(request, code)),
				 errhint("%s", refused_hint(request, code))));
	if (request->status == 412 || request->status == 416)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("could not %s %s: it is not the one that was written or opened", request->what, subject(request)),
				 errdetail("%s", answer(request, code))));
	if (request->status >= 500 || request->status == 429 || request->status == 408)
		ereport(ERROR,
				(errcode(ERRCODE_CONNECTION_FAILURE),
				 errmsg("could not %s %s: the store fails", request->what, subject(request)),
				 errdetail("%s", answer(request, code))));
	ereport(ERROR,
			(errcode(ERRCODE_FDW_ERROR),
			 errmsg("could not %s %s", request->what, subject(request)),
			 errdetail("%s", answer(request, code))));
}

void
pge_s3_unreachable(const S3Request *request, const char *detail, bool certificate)
{
	ereport(ERROR,
			(errcode(ERRCODE_CONNECTION_FAILURE),
			 errmsg("could not %s %s: server \"%s\" cannot be reached", request->what, subject(request), request->store->base.name),
			 request->attempts > 1 ? errdetail("%s. It was tried %d times.", plain(detail), request->attempts) :
			 errdetail("%s.", plain(detail)),
			 certificate ? errhint("The certificate must be signed by who this machine trusts, or the server's option \"ca_file\" names.") :
			 errhint("Look at the server's options \"endpoint\" and \"timeout\".")));
}
