-- Which access method the tables of this run were made with; run last, it must print `t`.
SELECT current_setting('default_table_access_method') AS access_method,
       count(*) > 200 AS used
  FROM pg_class c JOIN pg_am a ON a.oid = c.relam
 WHERE a.amname = current_setting('default_table_access_method')
   AND c.oid >= 16384;
