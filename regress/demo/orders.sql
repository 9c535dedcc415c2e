-- A million order lines, the same on every machine: id and time rise, quantities and codes repeat, prices spread, notes are text.
COPY (
	SELECT i AS line_id,
		   i / 4 + 1 AS order_id,
		   timestamptz '2024-01-01 00:00:00+00' + i * interval '31 seconds' AS ordered_at,
		   (i * 7919::bigint % 50021)::int AS customer_id,
		   (i * 104729::bigint % 2003)::int AS product_id,
		   (i % 50 + 1)::smallint AS quantity,
		   ((i * 15485863::bigint % 1000000) / 100.0)::numeric(10,2) AS price,
		   ((i % 11) / 100.0)::float8 AS discount,
		   (ARRAY['new', 'paid', 'packed', 'shipped', 'returned'])[1 + i % 5] AS status,
		   i % 97 = 0 AS priority,
		   CASE WHEN i % 20 = 0 THEN NULL ELSE 'line ' || i || ' for customer ' || i * 7919::bigint % 50021 END AS note
	FROM generate_series(1, 1000000) AS i
) TO STDOUT WITH (FORMAT csv, HEADER)
