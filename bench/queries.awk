# Report of bench/queries, from its lines "QUERY SIDE MS|timeout|error ok|WHAT_IS_WRONG": a line a query, geometric means, bars. Fails where
# an answer differs. Means, and bars of all queries, are over the numbered ones.
function value(side) { return (query, side) in ms ? ms[query, side] : 0 }
function shown(side) {
	if (!((query, side) in ms)) return "-"
	if (mark[query, side] != "") return mark[query, side]
	return sprintf(ms[query, side] < 10 ? "%.2f" : "%.0f", ms[query, side])
}
function ratio(over, under, name) {
	if (!value(over) || !value(under)) return "-"
	name = over "/" under
	quotient = value(over) / value(under)
	if (query ~ /^[0-9]/) {
		logs[name] += log(quotient)
		count[name]++
		if (quotient > worst[name]) { worst[name] = quotient; whose[name] = query }
		at[query, name] = quotient
		if (mark[query, over] != "") stopped[name] = stopped[query, name] = query
	}
	return sprintf("%.2f", quotient)
}
function row(title, a, b, c, d, e, f, g, h, i, j) {
	printf "%-7s%11s%11s%11s%11s%11s%11s |%11s%11s |%11s%11s\n", title, a, b, c, d, e, f, g, h, i, j
	fflush()
}
function line() {
	if (query == "") return
	row(query, shown("heap"), shown("heap-2"), shown("column"), shown("column-2"), shown("duckdb"), shown("duckdb-2"),
		ratio("column", "duckdb"), ratio("column-2", "duckdb-2"), ratio("heap", "column"), ratio("heap-2", "column-2"))
	ratio("column", "heap")
	ratio("column-2", "heap-2")
}
function mean(name) { return count[name] ? sprintf("%.2f", exp(logs[name] / count[name])) : "-" }
function mean_of(side, q, n, sum, key) {
	for (key in ms) {
		split(key, q, SUBSEP)
		if (q[2] == side && q[1] ~ /^[0-9]/) { sum += log(ms[key]); n++ }
	}
	return n ? sprintf("%.1f", exp(sum / n)) : "-"
}
function judged(figure, most, least, note, missed) {
	if (figure == "") return "not measured"
	missed = (most != "" && figure > most) || (least != "" && figure < least)
	return sprintf("%.2f%s %s", figure, note == "" ? "" : " (" note ")", missed ? "MISSED" : "met")
}
function bar(title, wanted, serial, parallel) { printf "%-40s%-10s%-28s%-28s\n", title, wanted, serial, parallel }
function geometric(name, most, least) { return judged(count[name] ? exp(logs[name] / count[name]) : "", most, least) }
# A query that was stopped or failed meets no bar of its own.
function none_above(name, most) {
	return name in stopped ? "not finished (" stopped[name] ") MISSED" : judged(count[name] ? worst[name] : "", most, "", whose[name])
}
function one(q, name, most) { return (q, name) in stopped ? "not finished MISSED" : judged((q, name) in at ? at[q, name] : "", most) }
function quick(q, side) { return judged((q, side) in ms ? ms[q, side] : "", 2) }

BEGIN {
	row("ms", "heap", "heap", "column", "column", "DuckDB", "DuckDB", "column/", "DuckDB", "heap/", "column")
	row("query", "serial", "2 proc.", "serial", "2 proc.", "1 thread", "2 threads", "serial", "parallel", "serial", "parallel")
}
$1 != query { line(); query = $1 }
{
	ms[$1, $2] = $3 + 0
	if ($3 == "timeout" || $3 == "error") {
		ms[$1, $2] = limit * 1000
		mark[$1, $2] = $3 == "timeout" ? ">" limit * 1000 : "error"
	}
	if ($4 != "ok") {
		gsub(/_/, " ", $4)
		wrong[++wrongs] = $1 ", " $2 ": " $4
	}
}
END {
	line()
	row("mean", mean_of("heap"), mean_of("heap-2"), mean_of("column"), mean_of("column-2"), mean_of("duckdb"), mean_of("duckdb-2"),
		mean("column/duckdb"), mean("column-2/duckdb-2"), mean("heap/column"), mean("heap-2/column-2"))
	print ""
	bar("bar", "", "serial", "parallel")
	bar("geometric mean, column/DuckDB", "<= 1.2", geometric("column/duckdb", 1.2), geometric("column-2/duckdb-2", 1.2))
	bar("slowest query, column/DuckDB", "<= 3", none_above("column/duckdb", 3), none_above("column-2/duckdb-2", 3))
	if (suite == "tpch") {
		bar("query 1, column/DuckDB", "<= 0.5", one("01", "column/duckdb", 0.5), one("01", "column-2/duckdb-2", 0.5))
		bar("query 6, column/DuckDB", "<= 0.8", one("06", "column/duckdb", 0.8), one("06", "column-2/duckdb-2", 0.8))
	}
	count_query = suite == "tpch" ? "count" : "01"
	minmax_query = suite == "tpch" ? "minmax" : "07"
	bar("count(*), ms", "< 2", quick(count_query, "column"), quick(count_query, "column-2"))
	bar("min and max, ms", "< 2", quick(minmax_query, "column"), quick(minmax_query, "column-2"))
	bar("geometric mean, heap/column", ">= 5", geometric("heap/column", "", 5), geometric("heap-2/column-2", "", 5))
	bar("slowest query, column/heap", "<= 1", none_above("column/heap", 1), none_above("column-2/heap-2", 1))
	if (!wrongs) {
		print "answers: all the same"
		exit
	}
	for (i = 1; i <= wrongs; i++) print "FAILED: query " wrong[i]
	print "what was asked and answered is in " work
	exit 1
}
