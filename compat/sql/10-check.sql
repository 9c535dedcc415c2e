-- epiphany_vectorstore makes the same types and operators where there is no extension vector.
DO $epiphany$
BEGIN
IF EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'epiphany_vectorstore') THEN
	RAISE EXCEPTION 'extension "vector" cannot be created where "epiphany_vectorstore" has types of its own'
		USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Create "vector" first: "epiphany_vectorstore" then uses its types.';
END IF;
END
$epiphany$;
