/*
 * Stores: opens libcurl (curl.h says why so). Never in the postmaster: nothing asks it for objects.
 */
#include "postgres.h"

#include <dlfcn.h>

#include "curl.h"
#include "shim/pge.h"

#define LIBRARY	"libcurl.so.4"
#define GLOBAL_ALL	3L

/* Connections that are kept open for the next request. */
#define KEPT_CONNECTIONS	18L

static PgeCurl curl;

static void
no_library(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("libcurl cannot be used, which object stores are reached with"),
			 errdetail("%s", detail),
			 errhint("Install %s, 7.66 or later (Debian's package is libcurl4 or libcurl4t64).", LIBRARY)));
}

static void
find_functions(void *library)
{
	const struct
	{
		const char *name;
		void	  **function;
	}			functions[] = {
		{"curl_global_init", (void **) &curl.global_init},
		{"curl_easy_init", (void **) &curl.easy_init},
		{"curl_easy_setopt", (void **) &curl.easy_setopt},
		{"curl_easy_getinfo", (void **) &curl.easy_getinfo},
		{"curl_easy_reset", (void **) &curl.easy_reset},
		{"curl_easy_strerror", (void **) &curl.easy_strerror},
		{"curl_multi_init", (void **) &curl.multi_init},
		{"curl_multi_setopt", (void **) &curl.multi_setopt},
		{"curl_multi_add_handle", (void **) &curl.multi_add_handle},
		{"curl_multi_remove_handle", (void **) &curl.multi_remove_handle},
		{"curl_multi_perform", (void **) &curl.multi_perform},
		{"curl_multi_poll", (void **) &curl.multi_poll},
		{"curl_multi_info_read", (void **) &curl.multi_info_read},
		{"curl_slist_append", (void **) &curl.slist_append},
		{"curl_slist_free_all", (void **) &curl.slist_free_all},
	};

	for (int i = 0; i < lengthof(functions); i++)
	{
		*functions[i].function = dlsym(library, functions[i].name);
		if (*functions[i].function == NULL)
			no_library(psprintf("It has no function %s.", functions[i].name));
	}
}

PgeCurl *
pge_curl(void)
{
	void	   *library;

	if (curl.multi != NULL)
		return &curl;
	Assert(IsUnderPostmaster || !IsPostmasterEnvironment);
	library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		no_library(dlerror());
	find_functions(library);
	if (curl.global_init(GLOBAL_ALL) != CURLE_OK || (curl.easy == NULL && (curl.easy = curl.easy_init()) == NULL))
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"), errdetail("libcurl could not be started.")));
	curl.multi = curl.multi_init();
	if (curl.multi == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"), errdetail("libcurl could not be started.")));
	curl.multi_setopt(curl.multi, CURLMOPT_MAXCONNECTS, KEPT_CONNECTIONS);
	return &curl;
}
