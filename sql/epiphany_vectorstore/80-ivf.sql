-- The access method epiphany_ivf and its operator classes.
CREATE FUNCTION epiphany_ivf_handler(internal) RETURNS index_am_handler
AS 'MODULE_PATHNAME', 'pge_ivf_handler' LANGUAGE C;
COMMENT ON FUNCTION epiphany_ivf_handler(internal) IS 'routine table of the access method epiphany_ivf';
CREATE ACCESS METHOD epiphany_ivf TYPE INDEX HANDLER epiphany_ivf_handler;
COMMENT ON ACCESS METHOD epiphany_ivf IS 'vectors in lists around centroids, as codes of a few bits a dimension';

CREATE OPERATOR CLASS vector_l2_ops DEFAULT FOR TYPE vector USING epiphany_ivf AS
	OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 epiphany_vector_l2_index_type(internal);
CREATE OPERATOR CLASS vector_ip_ops FOR TYPE vector USING epiphany_ivf AS
	OPERATOR 1 <#> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 epiphany_vector_ip_index_type(internal);
CREATE OPERATOR CLASS vector_cosine_ops FOR TYPE vector USING epiphany_ivf AS
	OPERATOR 1 <=> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 epiphany_vector_cosine_index_type(internal);
CREATE OPERATOR CLASS halfvec_l2_ops DEFAULT FOR TYPE halfvec USING epiphany_ivf AS
	OPERATOR 1 <-> (halfvec, halfvec) FOR ORDER BY float_ops,
	FUNCTION 1 epiphany_halfvec_l2_index_type(internal);
CREATE OPERATOR CLASS halfvec_ip_ops FOR TYPE halfvec USING epiphany_ivf AS
	OPERATOR 1 <#> (halfvec, halfvec) FOR ORDER BY float_ops,
	FUNCTION 1 epiphany_halfvec_ip_index_type(internal);
CREATE OPERATOR CLASS halfvec_cosine_ops FOR TYPE halfvec USING epiphany_ivf AS
	OPERATOR 1 <=> (halfvec, halfvec) FOR ORDER BY float_ops,
	FUNCTION 1 epiphany_halfvec_cosine_index_type(internal);
CREATE OPERATOR CLASS bit_hamming_ops DEFAULT FOR TYPE bit USING epiphany_ivf AS
	OPERATOR 1 <~> (bit, bit) FOR ORDER BY float_ops,
	FUNCTION 1 epiphany_bit_hamming_index_type(internal);

-- Columns to filter by, after the vector. Integers keep their order; of others there is a hash.
CREATE OPERATOR FAMILY integer_ops USING epiphany_ivf;
CREATE OPERATOR CLASS int2_ops DEFAULT FOR TYPE int2 USING epiphany_ivf FAMILY integer_ops AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >;
CREATE OPERATOR CLASS int4_ops DEFAULT FOR TYPE int4 USING epiphany_ivf FAMILY integer_ops AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >;
CREATE OPERATOR CLASS int8_ops DEFAULT FOR TYPE int8 USING epiphany_ivf FAMILY integer_ops AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >;
ALTER OPERATOR FAMILY integer_ops USING epiphany_ivf ADD
	OPERATOR 1 < (int2, int4), OPERATOR 2 <= (int2, int4), OPERATOR 3 = (int2, int4), OPERATOR 4 >= (int2, int4), OPERATOR 5 > (int2, int4),
	OPERATOR 1 < (int2, int8), OPERATOR 2 <= (int2, int8), OPERATOR 3 = (int2, int8), OPERATOR 4 >= (int2, int8), OPERATOR 5 > (int2, int8),
	OPERATOR 1 < (int4, int2), OPERATOR 2 <= (int4, int2), OPERATOR 3 = (int4, int2), OPERATOR 4 >= (int4, int2), OPERATOR 5 > (int4, int2),
	OPERATOR 1 < (int4, int8), OPERATOR 2 <= (int4, int8), OPERATOR 3 = (int4, int8), OPERATOR 4 >= (int4, int8), OPERATOR 5 > (int4, int8),
	OPERATOR 1 < (int8, int2), OPERATOR 2 <= (int8, int2), OPERATOR 3 = (int8, int2), OPERATOR 4 >= (int8, int2), OPERATOR 5 > (int8, int2),
	OPERATOR 1 < (int8, int4), OPERATOR 2 <= (int8, int4), OPERATOR 3 = (int8, int4), OPERATOR 4 >= (int8, int4), OPERATOR 5 > (int8, int4);
CREATE OPERATOR CLASS date_ops DEFAULT FOR TYPE date USING epiphany_ivf AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >;
CREATE OPERATOR CLASS timestamp_ops DEFAULT FOR TYPE timestamp USING epiphany_ivf AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >;
CREATE OPERATOR CLASS timestamptz_ops DEFAULT FOR TYPE timestamptz USING epiphany_ivf AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >;
CREATE OPERATOR CLASS bool_ops DEFAULT FOR TYPE bool USING epiphany_ivf AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >;
CREATE OPERATOR CLASS text_ops DEFAULT FOR TYPE text USING epiphany_ivf AS
	OPERATOR 3 =, FUNCTION 2 hashtextextended(text, int8);
CREATE OPERATOR CLASS uuid_ops DEFAULT FOR TYPE uuid USING epiphany_ivf AS
	OPERATOR 3 =, FUNCTION 2 uuid_hash_extended(uuid, int8);
