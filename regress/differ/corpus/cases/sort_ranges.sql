-- Sorts of more rows than there is memory for, or by strings: rows come by ranges of the first key where groups are sorted by it, more or less.
CREATE TABLE points (ts timestamptz NOT NULL, host text, device int, c char(8), u uuid, word text COLLATE "en-x-icu", v float8);
DO $$ BEGIN IF current_setting('default_table_access_method') <> 'heap' THEN EXECUTE 'ALTER TABLE points SET ACCESS METHOD epiphany_timeseries, SET (epiphany.segment_by = host, epiphany.chunk_interval = ''1 day'', epiphany.row_group_rows = 10240)'; END IF; END $$;
INSERT INTO points SELECT timestamptz '2024-01-01 00:00+00' + i * interval '17 s', CASE WHEN i % 61 > 0 THEN 'host ' || i % 60 END, i / 100 + i % 7, 'c' || i % 200,
	md5((i % 90)::text)::uuid, (ARRAY['a', 'B', 'b', 'A', 'ä', 'z'])[1 + i % 6] || i % 11, i * 31 % 701 / 8.0 FROM generate_series(1, 40000) i;
INSERT INTO points SELECT timestamptz '2024-01-02 00:00+00' + i * interval '53 s', 'late ' || i % 5, i, 'late', md5(i::text)::uuid, 'Late', i FROM generate_series(1, 700) i;
INSERT INTO points SELECT timestamptz '2024-01-03 00:00+00' + i * interval '1 s', NULL, NULL, NULL, NULL, NULL, NULL FROM generate_series(1, 50) i;
DELETE FROM points WHERE device % 40 = 7;
ANALYZE points;
-- compare: sorted 1 2
SELECT host, ts, v FROM points ORDER BY host, ts, v;
-- compare: sorted 2
SELECT host, ts, device FROM points WHERE host = 'host 7' ORDER BY host, ts DESC;
SELECT host, ts, row_number() OVER (ORDER BY host DESC, ts, device) FROM points;
SELECT host, ts, row_number() OVER (ORDER BY host DESC NULLS LAST, ts DESC, device) FROM points;
SELECT host, ts, row_number() OVER (ORDER BY host NULLS FIRST, ts, device) FROM points WHERE v > 20;
SELECT host, ts, lag(v) OVER (PARTITION BY host ORDER BY ts, device) FROM points;
SELECT device, ts, host, row_number() OVER (ORDER BY device, ts, host) FROM points;
SELECT device, ts, host, row_number() OVER (ORDER BY device DESC, ts DESC, host) FROM points;
SELECT ts, host, row_number() OVER (ORDER BY ts DESC, device) FROM points;
SELECT c, ts, row_number() OVER (ORDER BY c, ts, device) FROM points;
SELECT u, ts, row_number() OVER (ORDER BY u DESC, ts, device) FROM points;
SELECT word, ts, row_number() OVER (ORDER BY word, ts, device) FROM points;
SELECT host, word, row_number() OVER (ORDER BY host COLLATE "en-x-icu", word DESC, ts, device) FROM points;
-- compare: sorted 1 2
SELECT host, ts FROM points ORDER BY host, ts, device LIMIT 100;
-- compare: sorted 2
SELECT u, ts FROM points WHERE device > 3 ORDER BY u, ts, device LIMIT 3000 OFFSET 1000;
-- compare: sorted 2
SELECT word, ts FROM points ORDER BY word DESC NULLS LAST, ts, device LIMIT 50;
SELECT p.host, q.n FROM (VALUES ('host 3'), ('late 2'), ('nobody')) p(host), LATERAL (SELECT count(*) n, min(l) FROM (SELECT lag(ts) OVER (ORDER BY host, ts, device) l FROM points WHERE points.host >= p.host) x) q;
SELECT count(*), sum(d) FROM (SELECT device - lag(device) OVER (PARTITION BY host ORDER BY ts, v) d FROM points WHERE random() >= 0) x;
