// DuckDB for bench/queries, through its npm package. Times on stdout as psql prints them, answers as `psql -At -F TAB` does.
//   node run.js DATABASE execute SQL                            such as COPY ... FROM '/dev/stdin'
//   node run.js DATABASE query THREADS SECONDS ROUNDS SQL OUT   1 + ROUNDS runs; OUT: the first one's answer; exits 124 past SECONDS
import { createWriteStream, readFileSync } from 'node:fs';
import { DuckDBInstance, DuckDBTypeId } from '@duckdb/node-api';

const [database, action, ...rest] = process.argv.slice(2);
const instance = await DuckDBInstance.create(database);
const connection = await instance.connect();
const exit = (code) => { connection.closeSync(); instance.closeSync(); process.exitCode = code; };

// A float always has an exponent, so that who compares knows it.
const text = (value, type) => value === null ? '(null)'
	: type.typeId === DuckDBTypeId.DOUBLE || type.typeId === DuckDBTypeId.FLOAT ? value.toExponential() : String(value);

async function query(threads, seconds, rounds, sql, out) {
	await connection.run(`SET threads = ${threads}; SET default_null_order = 'postgres'`);
	for (let round = 0; round <= rounds; round++) {
		let late = false;
		const timer = setTimeout(() => { late = true; connection.interrupt(); }, seconds * 1000);
		const start = performance.now();
		try {
			const answer = await connection.runAndReadAll(sql);
			const rows = answer.getRows();
			console.log(`Time: ${(performance.now() - start).toFixed(3)} ms`);
			if (round === 0) {
				const types = answer.columnTypes(), file = createWriteStream(out);
				for (const row of rows) file.write(row.map((value, i) => text(value, types[i])).join('\t') + '\n');
				await new Promise((done) => file.end(done));
			}
		} catch (error) {
			if (!late) throw error;
			return 124;
		} finally {
			clearTimeout(timer);
		}
	}
	return 0;
}

try {
	if (action === 'execute') { await connection.run(rest[0]); exit(0); }
	else exit(await query(+rest[0], +rest[1], +rest[2], readFileSync(rest[3], 'utf8'), rest[4]));
} catch (error) {
	console.error(`DuckDB: ${error.message}`);
	exit(1);
}
