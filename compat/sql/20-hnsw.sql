-- pgvector's hnsw: our graph under its name.
CREATE FUNCTION hnswhandler(internal) RETURNS index_am_handler
AS 'MODULE_PATHNAME', 'pge_compat_hnsw_handler' LANGUAGE C;
COMMENT ON FUNCTION hnswhandler(internal) IS 'hnsw index access method handler';
CREATE ACCESS METHOD hnsw TYPE INDEX HANDLER hnswhandler;
COMMENT ON ACCESS METHOD hnsw IS 'hnsw index access method';

CREATE FUNCTION hnsw_vector_l2_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_hnsw_vector_l2_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS vector_l2_ops FOR TYPE vector USING hnsw AS
	OPERATOR 1 <-> (vector, vector) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 hnsw_vector_l2_type(internal);
CREATE FUNCTION hnsw_vector_ip_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_hnsw_vector_ip_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS vector_ip_ops FOR TYPE vector USING hnsw AS
	OPERATOR 1 <#> (vector, vector) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 hnsw_vector_ip_type(internal);
CREATE FUNCTION hnsw_vector_cosine_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_hnsw_vector_cosine_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS vector_cosine_ops FOR TYPE vector USING hnsw AS
	OPERATOR 1 <=> (vector, vector) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 hnsw_vector_cosine_type(internal);
CREATE FUNCTION hnsw_vector_l1_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_hnsw_vector_l1_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS vector_l1_ops FOR TYPE vector USING hnsw AS
	OPERATOR 1 <+> (vector, vector) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 hnsw_vector_l1_type(internal);
CREATE FUNCTION hnsw_halfvec_l2_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_hnsw_halfvec_l2_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS halfvec_l2_ops FOR TYPE halfvec USING hnsw AS
	OPERATOR 1 <-> (halfvec, halfvec) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 hnsw_halfvec_l2_type(internal);
CREATE FUNCTION hnsw_halfvec_ip_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_hnsw_halfvec_ip_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS halfvec_ip_ops FOR TYPE halfvec USING hnsw AS
	OPERATOR 1 <#> (halfvec, halfvec) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 hnsw_halfvec_ip_type(internal);
CREATE FUNCTION hnsw_halfvec_cosine_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_hnsw_halfvec_cosine_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS halfvec_cosine_ops FOR TYPE halfvec USING hnsw AS
	OPERATOR 1 <=> (halfvec, halfvec) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 hnsw_halfvec_cosine_type(internal);
CREATE FUNCTION hnsw_halfvec_l1_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_hnsw_halfvec_l1_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS halfvec_l1_ops FOR TYPE halfvec USING hnsw AS
	OPERATOR 1 <+> (halfvec, halfvec) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 hnsw_halfvec_l1_type(internal);
CREATE FUNCTION hnsw_bit_hamming_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_hnsw_bit_hamming_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS bit_hamming_ops FOR TYPE bit USING hnsw AS
	OPERATOR 1 <~> (bit, bit) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 hnsw_bit_hamming_type(internal);
CREATE FUNCTION hnsw_bit_jaccard_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_hnsw_bit_jaccard_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS bit_jaccard_ops FOR TYPE bit USING hnsw AS
	OPERATOR 1 <%> (bit, bit) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 hnsw_bit_jaccard_type(internal);
CREATE FUNCTION hnsw_sparsevec_l2_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_hnsw_sparsevec_l2_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS sparsevec_l2_ops FOR TYPE sparsevec USING hnsw AS
	OPERATOR 1 <-> (sparsevec, sparsevec) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 hnsw_sparsevec_l2_type(internal);
CREATE FUNCTION hnsw_sparsevec_ip_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_hnsw_sparsevec_ip_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS sparsevec_ip_ops FOR TYPE sparsevec USING hnsw AS
	OPERATOR 1 <#> (sparsevec, sparsevec) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 hnsw_sparsevec_ip_type(internal);
CREATE FUNCTION hnsw_sparsevec_cosine_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_hnsw_sparsevec_cosine_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS sparsevec_cosine_ops FOR TYPE sparsevec USING hnsw AS
	OPERATOR 1 <=> (sparsevec, sparsevec) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 hnsw_sparsevec_cosine_type(internal);
CREATE FUNCTION hnsw_sparsevec_l1_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_compat_hnsw_sparsevec_l1_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR CLASS sparsevec_l1_ops FOR TYPE sparsevec USING hnsw AS
	OPERATOR 1 <+> (sparsevec, sparsevec) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 hnsw_sparsevec_l1_type(internal);
