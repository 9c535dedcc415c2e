// A slow link before a server of this machine, for one client at a time.
//   node slow_link.js PORT SERVER-PORT MB/S ROUND-TRIP-MS LOG
// What the server sends goes on a round trip later, at that rate for all connections together, which have turns; a new connection's first bytes
// take a round trip, too. Sockets' buffers are of this machine, so windows that open slowly are not seen. When nothing has been under way for half a
// second, LOG has a line of what was: milliseconds from the first byte that was asked for to the last one that came, of which the link was idle
// after the first one came; bytes; requests.
'use strict';
const net = require('net'), fs = require('fs');
const [port, serverPort, rate, trip] = process.argv.slice(2, 6).map(Number), log = process.argv[6];
const PIECE = 6 * 1024, QUEUED = 2 << 20, LATE_MS = 1.5;
const perMs = rate * 1048576 / 1000;
const flows = new Set();	// those with bytes that have not gone on
let timer = null, quiet = null, before = 0, credit = 0, idleSince = 0;
let seen = null;
const now = () => Number(process.hrtime.bigint()) / 1e6;

function report() {
	if (seen !== null && seen.bytes > 0)
		fs.appendFileSync(log, `${(seen.last - seen.asked).toFixed(0)} ${seen.idle.toFixed(0)} ${seen.bytes} ${seen.requests}\n`);
	seen = null;
	idleSince = 0;
}

// One piece of each flow whose turn it is; false: there is none.
function round(t) {
	let any = false;
	for (const flow of flows) {
		const item = flow.queue[0];
		if (credit <= 0 || flow.blocked || item.at > t) continue;
		const piece = item.bytes.subarray(0, PIECE);
		if (idleSince > 0 && t - idleSince > LATE_MS && seen.bytes > 0) seen.idle += t - idleSince;
		idleSince = 0;
		any = true;
		seen.bytes += piece.length;
		seen.last = t;
		credit -= piece.length;
		flow.blocked = !flow.client.write(piece);
		item.bytes = item.bytes.subarray(piece.length);
		if (item.bytes.length === 0) flow.queue.shift();
		if (flow.queue.length === 0) flows.delete(flow);
		if ((flow.queued -= piece.length) < QUEUED) flow.server.resume();
	}
	return any;
}

function tick() {
	const t = now();
	timer = null;
	// What a late timer has left undone is made up for, an idle link's time is not.
	credit = Math.min(credit + (before > 0 ? t - before : 1) * perMs, 10 * perMs);
	before = t;
	while (credit > 0 && round(t)) ;
	if (credit > 0) {
		credit = 0;
		idleSince = idleSince || t;
	}
	if (flows.size > 0) wake();
	else {
		before = 0;
		quiet = setTimeout(report, 500);
	}
}

function wake() {
	clearTimeout(quiet);
	timer = timer || setTimeout(tick, 1);
}

net.createServer({ noDelay: true }, client => {
	const opened = now();
	const server = net.connect({ port: serverPort, host: '127.0.0.1', noDelay: true });
	const flow = { client, server, queue: [], queued: 0, blocked: false };
	const end = () => { flows.delete(flow); client.destroy(); server.destroy(); };
	client.on('data', bytes => {
		seen = seen || { asked: opened > now() - trip ? opened : now(), idle: 0, bytes: 0, requests: 0, last: 0 };
		seen.requests++;
		setTimeout(() => server.write(bytes), Math.max(opened + trip - now(), 0));
	});
	server.on('data', bytes => {
		flow.queue.push({ bytes, at: now() + trip });
		flow.queued += bytes.length;
		flows.add(flow);
		if (flow.queued > QUEUED) server.pause();
		wake();
	});
	client.on('drain', () => { flow.blocked = false; });
	client.on('close', end);
	client.on('error', end);
	server.on('error', end);
}).listen(port, '127.0.0.1');
