# Report of bench/vector/run, from its notes: curves (medians of rounds), queries a second at given recalls, what building, keeping and
# changing costs. With -v by=cpu rates are of the server's processor time, for busy machines. Ratios are to pgvector's hnsw and ivfflat, above 1 is better than they.
function median(list, v, n, i, j, t) {
	n = split(list, v, " ")
	for (i = 2; i <= n; i++) for (j = i; j > 1 && v[j] + 0 < v[j - 1] + 0; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
function keep(list, value) { return list == "" ? value : list " " value }
function of(what, side) { return what[size, side] }
# Between two settings the logarithm of the rate is taken to be straight. What finds more and is faster counts, too.
function at(side, filter, recall, i, n, best, rate, key, last, share) {
	n = points[size, side, filter]
	for (i = 1; i <= n; i++) {
		key = size SUBSEP side SUBSEP filter SUBSEP i
		rate = 0
		if (found[key] >= recall) rate = speed[key]
		else if (i < n) {
			last = size SUBSEP side SUBSEP filter SUBSEP (i + 1)
			if (found[last] >= recall) {
				share = (recall - found[key]) / (found[last] - found[key])
				rate = exp(log(speed[key]) + share * (log(speed[last]) - log(speed[key])))
			}
		}
		if (rate > best) best = rate
	}
	return best
}
# The setting that finds most; of equals, the fastest.
function most(side, filter, i, key, best) {
	for (i = 1; i <= points[size, side, filter]; i++) {
		key = size SUBSEP side SUBSEP filter SUBSEP i
		if (best == "" || found[key] > found[best] || found[key] == found[best] && speed[key] > speed[best]) best = key
	}
	return best
}
function figure(x) { return x ? sprintf(x < 10 ? "%.2f" : "%.0f", x) : "-" }
function over(a, b) { return a && b ? sprintf("%.2f", a / b) : "-" }
function row(title, a, b, c, d, e, f, g) { printf "%-50s%12s%12s%12s%12s%12s%12s%12s\n", title, a, b, c, d, e, f, g }

{
	size = $1
	if (!(size in known)) { known[size]; sizes[++size_count] = size }
	if (!((size, $3) in met)) { met[size, $3]; sides[size] = keep(sides[size], $3) }
}
$2 == "build" { built[size, $3, $4] = $5; if (!($4 in counted)) { counted[$4]; counts[++count_count] = $4 } }
$2 == "bytes" { bytes[size, $3] = $4 }
$2 == "write" { inserts[size, $3] = $4; wal[size, $3] = $5; vacuum[size, $3] = $6 }
$2 == "curve" {
	where = size SUBSEP $3 SUBSEP $4
	if (!((where, $5) in place)) { place[where, $5] = ++points[where]; setting[where, points[where]] = $5 }
	point = where SUBSEP place[where, $5]
	recalls[point] = keep(recalls[point], $6)
	rates[point] = keep(rates[point], by == "cpu" ? 1000 / $12 : $7)
	p50[point] = keep(p50[point], $8)
	p95[point] = keep(p95[point], $9)
	p99[point] = keep(p99[point], $10)
	processor[point] = keep(processor[point], $12)
}
END {
	for (point in rates) { speed[point] = median(rates[point]); found[point] = median(recalls[point]) }
	split("all 10% 1% 0.1%", share_of, " ")
	for (s = 1; s <= size_count; s++) {
		size = sizes[s]
		n = split(sides[size], side, " ")
		for (filter = 0; filter < 4; filter++) {
			some = 0
			for (i = 1; i <= n; i++) some += points[size, side[i], filter]
			if (!some) continue
			printf "\n"
			row(size ", " share_of[filter + 1] " rows", "recall@10", "queries/s", "p50 ms", "p95 ms", "p99 ms", "cpu ms")
			for (i = 1; i <= n; i++) for (j = 1; j <= points[size, side[i], filter]; j++) {
				point = size SUBSEP side[i] SUBSEP filter SUBSEP j
				title = setting[point]
				gsub(/[a-z_]+\./, "", title)
				row(side[i] (title == "-" ? "" : " " title), sprintf("%.4f", found[point]), figure(speed[point]), median(p50[point]), median(p95[point]), median(p99[point]), median(processor[point]))
			}
			printf "\n"
			row(size ", " share_of[filter + 1] " rows: queries/s", "at 0.95", "/hnsw", "/ivfflat", "at 0.99", "/hnsw", "/ivfflat", "most found")
			for (i = 1; i <= n; i++) {
				if (!points[size, side[i], filter]) continue
				a = at(side[i], filter, 0.95)
				b = at(side[i], filter, 0.99)
				row(side[i], figure(a), over(a, at("hnsw", filter, 0.95)), over(a, at("ivfflat", filter, 0.95)), figure(b),
					over(b, at("hnsw", filter, 0.99)), over(b, at("ivfflat", filter, 0.99)), sprintf("%.4f", found[most(side[i], filter)]))
			}
		}
		for (c = 1; c <= count_count; c++) {
			printf "\n"
			row(size ", build, " counts[c] " workers", "s", "hnsw/", "ivfflat/", "MB", "hnsw/", "ivfflat/")
			for (i = 1; i <= n; i++) {
				time = built[size, side[i], counts[c]]
				if (time == "") continue
				if (side[i] == "heap") row("heap, COPY", figure(time / 1000), "", "", figure(bytes[size, "heap"] / 1e6))
				else row(side[i], figure(time / 1000), over(built[size, "hnsw", counts[c]], time), over(built[size, "ivfflat", counts[c]], time),
					figure(bytes[size, side[i]] / 1e6), over(bytes[size, "hnsw"], bytes[size, side[i]]), over(bytes[size, "ivfflat"], bytes[size, side[i]]))
			}
		}
		if (!((size, side[n]) in inserts)) continue
		printf "\n"
		row(size ", changes", "inserts/s", "/hnsw", "WAL B/row", "hnsw/", "VACUUM ms", "hnsw/", "ivfflat/")
		for (i = 1; i <= n; i++)
			row(side[i], figure(of(inserts, side[i])), over(of(inserts, side[i]), of(inserts, "hnsw")), of(wal, side[i]),
				over(of(wal, "hnsw"), of(wal, side[i])), figure(of(vacuum, side[i])), over(of(vacuum, "hnsw"), of(vacuum, side[i])),
				over(of(vacuum, "ivfflat"), of(vacuum, side[i])))
	}
}
