# Report of bench/timeseries/run, from its notes: what loads, batches and room cost, a line for each kind of query (the mean of its queries, each
# the median of rounds), ratios to heap (above 1 is better), the bars. With -v by=cpu times are of the server's processor time.
function median(list, v, n, i, j, t) {
	n = split(list, v, " ")
	for (i = 2; i <= n; i++) for (j = i; j > 1 && v[j] + 0 < v[j - 1] + 0; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
function see(side) { if (!(side in seen)) { seen[side] = 1; sides[++nsides] = side } }
function figure(x) { return x == "" ? "-" : sprintf(x < 10 ? "%.2f" : x < 100 ? "%.1f" : "%.0f", x) }
function over(a, b) { return a && b ? figure(a / b) : "-" }
function line(title, values, s, i) {
	printf "%-24s", title
	for (i = 1; i <= nsides; i++) printf "%14s", figure(values[sides[i]])
	for (i = 2; i <= nsides; i++) printf "%18s", line_up ? over(values[sides[i]], values[sides[1]]) : over(values[sides[1]], values[sides[i]])
	print ""
}
function bar(title, wanted, got, met) { printf "%-64s%12s%12s  %s\n", title, wanted, got, met ? "met" : "missed" }
{ column = by == "cpu" ? 4 : 3 }
$1 == "bytes" { see($2); bytes[$2] = $3 / 1048576; next }
$1 == "query" {
	see($2)
	if (!($4 in kinds)) { kinds[$4] = 1; kind[++nkinds] = $4 }
	if ($3 > number[$4]) number[$4] = $3
	time = (by == "cpu" ? $6 : $5) / 1000
	key = $2 SUBSEP $4 SUBSEP $3
	times[key] = times[key] == "" ? time : times[key] " " time
	next
}
{
	see($2)
	seconds = $column / 1e6
	if ($1 == "settle") settled[$2] = seconds
	else if (seconds) rate[$1, $2] = $5 / seconds / 1000
}
END {
	printf "%-24s", by == "cpu" ? "by processor time" : "by the clock"
	for (i = 1; i <= nsides; i++) printf "%14s", sides[i]
	for (i = 2; i <= nsides; i++) printf "%18s", sides[i] " vs " sides[1]
	print ""
	line_up = 1
	n = split("copy write1 write8", what, " ")
	for (w = 1; w <= n; w++) {
		for (i = 1; i <= nsides; i++) values[sides[i]] = rate[what[w], sides[i]]
		if (values[sides[1]]) line(what[w] ", 1000 rows/s", values)
	}
	line_up = 0
	line("settling, s", settled)
	line("size, MB", bytes)
	for (k = 1; k <= nkinds; k++) {
		for (i = 1; i <= nsides; i++) {
			sum = 0
			for (j = 1; j <= number[kind[k]]; j++) sum += median(times[sides[i], kind[k], j])
			values[sides[i]] = mean[sides[i], kind[k]] = sum / number[kind[k]]
		}
		line(kind[k] == "first-query" ? "first of a session, ms" : kind[k] ", ms", values)
		if (seen["ours"] && seen["heap"]) {
			ratio = mean["heap", kind[k]] / mean["ours", kind[k]]
			# The suite has one of the two, whichever is better for a side; its connections live long; it sorts nothing by series.
			if (kind[k] ~ /^(lastpoint|ordered)/ || kind[k] == "first-query") continue
			product += log(ratio)
			counted++
			if (worst == "" || ratio < worst) { worst = ratio; worst_kind = kind[k] }
		}
	}
	if (!seen["ours"] || !seen["heap"]) exit
	for (s in seen) last[s] = mean[s, "lastpoint"] < mean[s, "lastpoint-lateral"] ? mean[s, "lastpoint"] : mean[s, "lastpoint-lateral"]
	line("lastpoint, better form", last)
	ratio = last["heap"] / last["ours"]
	product += log(ratio)
	counted++
	if (ratio < worst) { worst = ratio; worst_kind = "lastpoint" }
	print ""
	bar("bars", "wanted", "measured", 1)
	if (rate["copy", "heap"]) {
		x = rate["copy", "ours"] / rate["copy", "heap"]
		bar("COPY by one writer, ours/heap", ">= 1.5", figure(x), x >= 1.5)
	}
	if (rate["write8", "heap"]) {
		x = rate["write8", "ours"] / rate["write8", "heap"]
		bar("batches by 8 writers, ours/heap", ">= 1.0", figure(x), x >= 1)
	}
	x = bytes["ours"] / bytes["heap"]
	bar("size, ours/heap with its index", "<= 0.08", sprintf("%.3f", x), x <= 0.08)
	x = exp(product / counted)
	bar("queries, heap/ours, geometric mean", ">= 10", figure(x), x >= 10)
	bar("slowest query, heap/ours (" worst_kind ")", ">= 1", figure(worst), worst >= 1)
	bar("last point of each host, ms", "< 10", figure(last["ours"]), last["ours"] < 10)
}
