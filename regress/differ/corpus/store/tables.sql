-- A shop's star schema in the manner of TPC-DS, small: a fact table of sales, one of returns, and what they refer to. The data is made
-- by arithmetic, so that it is the same wherever it is made: skewed items, customers without an address, sales without a promotion.
CREATE OR REPLACE FUNCTION pg_temp.draw(n bigint, salt int, bound int) RETURNS int IMMUTABLE LANGUAGE sql
	AS $$ SELECT (abs(hashint8extended(n, salt) % bound))::int $$;
CREATE TABLE date_dim (d_date_sk int PRIMARY KEY, d_date date NOT NULL, d_year int NOT NULL, d_moy int NOT NULL, d_dow int NOT NULL, d_quarter text NOT NULL);
INSERT INTO date_dim
SELECT n, date '1999-01-01' + n, extract(year FROM date '1999-01-01' + n)::int, extract(month FROM date '1999-01-01' + n)::int,
	extract(dow FROM date '1999-01-01' + n)::int, to_char(date '1999-01-01' + n, 'YYYY"Q"Q')
FROM generate_series(0, 1460) n;
CREATE TABLE item (i_item_sk int PRIMARY KEY, i_item_id char(16) NOT NULL, i_brand text, i_class varchar(20), i_category varchar(20), i_manufact int, i_price numeric(7,2));
INSERT INTO item
SELECT n, 'ITEM' || lpad((n / 2)::text, 8, '0'), 'brand ' || n % 17, (ARRAY['shirts', 'pants', 'fiction', 'classical', 'football', NULL])[1 + n % 6],
	(ARRAY['Men', 'Books', 'Music', 'Sports'])[1 + n % 4], nullif(n % 23, 0), 1 + pg_temp.draw(n, 1, 9900) / 100.0
FROM generate_series(1, 300) n;
CREATE TABLE address (ca_address_sk int PRIMARY KEY, ca_city varchar(30), ca_state char(2), ca_zip char(10), ca_gmt_offset numeric(5,2));
INSERT INTO address
SELECT n, (ARRAY['Oak Grove', 'Fairview', 'Midway', 'Five Points', 'Centerville'])[1 + n % 5], (ARRAY['TN', 'CA', 'OH', 'GA', 'TX', 'NY'])[1 + n % 6],
	lpad((n * 37 % 99999)::text, 5, '0'), -5 - n % 4
FROM generate_series(1, 400) n;
CREATE TABLE buyer (c_customer_sk int PRIMARY KEY, c_first_name char(20), c_last_name char(30), c_addr_sk int, c_birth_year int, c_preferred char(1));
INSERT INTO buyer
SELECT n, nullif('First' || n % 40, 'First7'), 'Last' || n % 90, CASE WHEN n % 11 > 0 THEN 1 + pg_temp.draw(n, 2, 420) END,
	1930 + n % 70, (ARRAY['Y', 'N', NULL])[1 + n % 3]
FROM generate_series(1, 1000) n;
CREATE TABLE store (s_store_sk int PRIMARY KEY, s_store_name varchar(20), s_city varchar(30), s_county text, s_employees int);
INSERT INTO store
SELECT n, (ARRAY['ought', 'able', 'bar', 'eing'])[1 + n % 4], (ARRAY['Midway', 'Fairview'])[1 + n % 2], 'Williamson County', 200 + n * 13
FROM generate_series(1, 8) n;
CREATE TABLE promotion (p_promo_sk int PRIMARY KEY, p_email char(1), p_event char(1));
INSERT INTO promotion SELECT n, (ARRAY['Y', 'N'])[1 + n % 2], (ARRAY['N', 'Y', 'N'])[1 + n % 3] FROM generate_series(1, 20) n;
CREATE TABLE store_sales (ss_date_sk int, ss_item_sk int NOT NULL, ss_customer_sk int, ss_store_sk int, ss_promo_sk int, ss_ticket bigint NOT NULL,
	ss_quantity int, ss_price numeric(7,2), ss_discount numeric(7,2), ss_profit numeric(7,2), ss_weight double precision);
INSERT INTO store_sales
SELECT nullif(pg_temp.draw(n / 5, 3, 1461), 9), CASE WHEN n % 3 = 0 THEN 1 + pg_temp.draw(n, 4, 12) ELSE 1 + pg_temp.draw(n, 5, 300) END,
	nullif(1 + pg_temp.draw(n / 5, 6, 1000), 500), 1 + pg_temp.draw(n / 5, 7, 8), nullif(pg_temp.draw(n, 8, 40), 0), n / 5,
	CASE WHEN n % 50 > 0 THEN 1 + pg_temp.draw(n, 9, 100) END, pg_temp.draw(n, 10, 20000) / 100.0, pg_temp.draw(n, 11, 500) / 100.0,
	(pg_temp.draw(n, 12, 20000) - 8000) / 100.0, pg_temp.draw(n, 13, 4000) / 4.0
FROM generate_series(1, 20000) n ORDER BY 1;
CREATE TABLE store_returns (sr_date_sk int, sr_item_sk int NOT NULL, sr_customer_sk int, sr_ticket bigint NOT NULL, sr_quantity int, sr_amount numeric(7,2));
INSERT INTO store_returns
SELECT ss_date_sk + 1 + ss_item_sk % 30, ss_item_sk, ss_customer_sk, ss_ticket, ss_quantity / 2, ss_price / 2
FROM store_sales WHERE (ss_ticket + ss_item_sk) % 10 = 3;
DELETE FROM store_sales WHERE ss_ticket BETWEEN 1000 AND 1040;
UPDATE store_sales SET ss_quantity = ss_quantity + 1 WHERE ss_ticket % 97 = 5;
