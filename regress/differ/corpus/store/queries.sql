-- Questions in the manner of TPC-DS to the tables of tables.sql. "compare" says what cannot be read from a result: see lib/Corpus.pm.

-- brands of a manufacturer in Novembers
-- compare: sorted 1 4 2
SELECT d_year, i_brand, i_manufact, sum(ss_price) AS total
FROM date_dim, store_sales, item
WHERE d_date_sk = ss_date_sk AND ss_item_sk = i_item_sk AND i_manufact = 8 AND d_moy = 11
GROUP BY d_year, i_brand, i_manufact
ORDER BY d_year, total DESC, i_brand;

-- averages of items without promotion by mail or event
-- compare: sorted 1
SELECT i_item_id, avg(ss_quantity), avg(ss_price), avg(ss_discount), avg(ss_weight)
FROM store_sales JOIN promotion ON ss_promo_sk = p_promo_sk JOIN item ON ss_item_sk = i_item_sk JOIN date_dim ON ss_date_sk = d_date_sk
WHERE (p_email = 'N' OR p_event = 'N') AND d_year = 2000
GROUP BY i_item_id ORDER BY i_item_id LIMIT 100;

-- customers who return more than is usual in their state
WITH returned AS (
	SELECT sr_customer_sk AS buyer, ca_state AS state, sum(sr_amount) AS amount
	FROM store_returns JOIN buyer ON c_customer_sk = sr_customer_sk LEFT JOIN address ON ca_address_sk = c_addr_sk
	GROUP BY sr_customer_sk, ca_state)
SELECT buyer, state, amount FROM returned r
WHERE amount > (SELECT avg(amount) * 1.2 FROM returned r2 WHERE r2.state = r.state);

-- states where dear items are bought
SELECT ca_state, count(*)
FROM address a, buyer c, store_sales s, date_dim d, item i
WHERE a.ca_address_sk = c.c_addr_sk AND c.c_customer_sk = s.ss_customer_sk AND s.ss_date_sk = d.d_date_sk AND s.ss_item_sk = i.i_item_sk
	AND d.d_year = 2001 AND d.d_moy = 1 AND i.i_price > 1.2 * (SELECT avg(j.i_price) FROM item j WHERE j.i_category = i.i_category)
GROUP BY ca_state HAVING count(*) >= 2;

-- margins, rolled up, ranked within their parents
SELECT sum(ss_profit) / nullif(sum(ss_price), 0) AS margin, i_category, i_class, grouping(i_category) + grouping(i_class) AS lochierarchy,
	rank() OVER (PARTITION BY grouping(i_category) + grouping(i_class), CASE WHEN grouping(i_class) = 0 THEN i_category END
		ORDER BY sum(ss_profit) / nullif(sum(ss_price), 0)) AS rank_within_parent
FROM store_sales, date_dim, item, store
WHERE d_year = 2001 AND d_date_sk = ss_date_sk AND i_item_sk = ss_item_sk AND s_store_sk = ss_store_sk AND s_store_name IN ('ought', 'able')
GROUP BY ROLLUP (i_category, i_class);

-- cumulative sales and returns of items, side by side
WITH sales AS (
	SELECT ss_item_sk AS item_sk, d_date, sum(sum(ss_price)) OVER (PARTITION BY ss_item_sk ORDER BY d_date ROWS UNBOUNDED PRECEDING) AS cumulative
	FROM store_sales, date_dim WHERE ss_date_sk = d_date_sk AND d_year = 2000 GROUP BY ss_item_sk, d_date),
returns AS (
	SELECT sr_item_sk AS item_sk, d_date, sum(sum(sr_amount)) OVER (PARTITION BY sr_item_sk ORDER BY d_date ROWS UNBOUNDED PRECEDING) AS cumulative
	FROM store_returns, date_dim WHERE sr_date_sk = d_date_sk AND d_year = 2000 GROUP BY sr_item_sk, d_date)
SELECT coalesce(s.item_sk, r.item_sk), coalesce(s.d_date, r.d_date), s.cumulative, r.cumulative
FROM sales s FULL JOIN returns r ON s.item_sk = r.item_sk AND s.d_date = r.d_date
WHERE coalesce(s.cumulative, 0) > coalesce(r.cumulative, 0);

-- months that differ from their year's average
SELECT i_category, s_store_name, d_moy, sum_sales, avg_sales
FROM (SELECT i_category, s_store_name, d_moy, sum(ss_price) AS sum_sales,
		avg(sum(ss_price)) OVER (PARTITION BY i_category, s_store_name) AS avg_sales
	FROM item, store_sales, date_dim, store
	WHERE ss_item_sk = i_item_sk AND ss_date_sk = d_date_sk AND ss_store_sk = s_store_sk AND d_year = 1999
	GROUP BY i_category, s_store_name, d_moy) q
WHERE abs(sum_sales - avg_sales) / avg_sales > 0.1;

-- the best hundred of each category, in every combination
SELECT * FROM (
	SELECT i_category, i_class, i_brand, d_year, d_quarter, s_city, sumsales, rank() OVER (PARTITION BY i_category ORDER BY sumsales DESC) AS rk
	FROM (SELECT i_category, i_class, i_brand, d_year, d_quarter, s_city, sum(coalesce(ss_price * ss_quantity, 0)) AS sumsales
		FROM store_sales, date_dim, store, item
		WHERE ss_date_sk = d_date_sk AND ss_item_sk = i_item_sk AND ss_store_sk = s_store_sk AND d_year IN (2000, 2001)
		GROUP BY ROLLUP (i_category, i_class, i_brand, d_year, d_quarter, s_city)) a) b
WHERE rk <= 100;

-- tickets bought in another city than the one lived in
SELECT c_last_name, c_first_name, ca_city, bought_city, ss_ticket, extended, discount
FROM (SELECT ss_ticket, ss_customer_sk, s_city AS bought_city, sum(ss_price) AS extended, sum(ss_discount) AS discount
	FROM store_sales, date_dim, store
	WHERE ss_date_sk = d_date_sk AND ss_store_sk = s_store_sk AND d_dow IN (6, 0) AND s_city IN ('Fairview', 'Midway')
	GROUP BY ss_ticket, ss_customer_sk, s_city) bought, buyer, address
WHERE ss_customer_sk = c_customer_sk AND c_addr_sk = ca_address_sk AND ca_city <> bought_city;

-- what customers actually paid, where some was returned
-- compare: sorted 2 1
SELECT ss_customer_sk, sum(CASE WHEN sr_quantity IS NOT NULL THEN (ss_quantity - sr_quantity) * ss_price ELSE ss_quantity * ss_price END) AS actual
FROM store_sales LEFT JOIN store_returns ON sr_item_sk = ss_item_sk AND sr_ticket = ss_ticket
GROUP BY ss_customer_sk ORDER BY actual NULLS FIRST, ss_customer_sk NULLS LAST LIMIT 100;

-- revenue's part of its class
SELECT i_item_id, i_class, i_category, sum(ss_price) AS revenue, sum(ss_price) * 100 / sum(sum(ss_price)) OVER (PARTITION BY i_class) AS part
FROM store_sales, item, date_dim
WHERE ss_item_sk = i_item_sk AND i_category IN ('Sports', 'Books') AND ss_date_sk = d_date_sk AND d_date BETWEEN '1999-02-22' AND date '1999-02-22' + 90
GROUP BY i_item_id, i_class, i_category;

-- customers who bought in one half of the year and not in the other
SELECT count(*) FROM (
	(SELECT DISTINCT c_last_name, c_first_name, d_date FROM store_sales, date_dim, buyer
		WHERE ss_date_sk = d_date_sk AND ss_customer_sk = c_customer_sk AND d_year = 2000 AND d_moy <= 6)
	EXCEPT
	(SELECT DISTINCT c_last_name, c_first_name, d_date FROM store_returns, date_dim, buyer
		WHERE sr_date_sk = d_date_sk AND sr_customer_sk = c_customer_sk)) cool;

-- who has bought but never returned; and who is in neither table
SELECT c_preferred, count(*), min(c_birth_year), max(c_last_name), count(DISTINCT c_birth_year)
FROM buyer c
WHERE EXISTS (SELECT FROM store_sales WHERE ss_customer_sk = c_customer_sk) AND c_customer_sk NOT IN (SELECT sr_customer_sk FROM store_returns WHERE sr_customer_sk IS NOT NULL)
GROUP BY c_preferred;

SELECT count(*) FROM buyer WHERE c_customer_sk NOT IN (SELECT ss_customer_sk FROM store_sales);

-- buckets, counted in one pass
-- compare: rough 5
SELECT count(*) FILTER (WHERE ss_quantity BETWEEN 1 AND 20), avg(ss_discount) FILTER (WHERE ss_quantity BETWEEN 21 AND 40),
	(SELECT count(*) FROM store_sales WHERE ss_quantity BETWEEN 41 AND 60), sum(ss_weight), stddev_samp(ss_weight), max(ss_profit), min(ss_profit)
FROM store_sales;
