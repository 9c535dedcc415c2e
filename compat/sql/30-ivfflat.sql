-- pgvector's ivfflat: our lists of codes under its name.
CREATE FUNCTION ivfflathandler(internal) RETURNS index_am_handler
AS 'MODULE_PATHNAME', 'pge_compat_ivfflat_handler' LANGUAGE C;
COMMENT ON FUNCTION ivfflathandler(internal) IS 'ivfflat index access method handler';
CREATE ACCESS METHOD ivfflat TYPE INDEX HANDLER ivfflathandler;
COMMENT ON ACCESS METHOD ivfflat IS 'ivfflat index access method';

CREATE FUNCTION ivfflat_vector_l2_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_ivfflat_vector_l2_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS vector_l2_ops DEFAULT FOR TYPE vector USING ivfflat AS
	OPERATOR 1 <-> (vector, vector) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 ivfflat_vector_l2_type(internal);
CREATE FUNCTION ivfflat_vector_ip_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_ivfflat_vector_ip_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS vector_ip_ops FOR TYPE vector USING ivfflat AS
	OPERATOR 1 <#> (vector, vector) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 ivfflat_vector_ip_type(internal);
CREATE FUNCTION ivfflat_vector_cosine_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_ivfflat_vector_cosine_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS vector_cosine_ops FOR TYPE vector USING ivfflat AS
	OPERATOR 1 <=> (vector, vector) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 ivfflat_vector_cosine_type(internal);
CREATE FUNCTION ivfflat_halfvec_l2_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_ivfflat_halfvec_l2_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS halfvec_l2_ops FOR TYPE halfvec USING ivfflat AS
	OPERATOR 1 <-> (halfvec, halfvec) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 ivfflat_halfvec_l2_type(internal);
CREATE FUNCTION ivfflat_halfvec_ip_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_ivfflat_halfvec_ip_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS halfvec_ip_ops FOR TYPE halfvec USING ivfflat AS
	OPERATOR 1 <#> (halfvec, halfvec) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 ivfflat_halfvec_ip_type(internal);
CREATE FUNCTION ivfflat_halfvec_cosine_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_ivfflat_halfvec_cosine_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS halfvec_cosine_ops FOR TYPE halfvec USING ivfflat AS
	OPERATOR 1 <=> (halfvec, halfvec) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 ivfflat_halfvec_cosine_type(internal);
CREATE FUNCTION ivfflat_bit_hamming_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_ivfflat_bit_hamming_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS bit_hamming_ops FOR TYPE bit USING ivfflat AS
	OPERATOR 1 <~> (bit, bit) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 ivfflat_bit_hamming_type(internal);
