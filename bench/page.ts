// The cost of the page: the memory of a daemon with readers, and the answer with 1,000 hosts. Each reader has a stream
// of events and a request every 5 s, as the page's script makes them. The records of the hosts are put into the store
// without the hosts.
import { eventually } from "../tests/support/eventually.ts";
import { childrenOf } from "../tests/support/process_tree.ts";
import { type RedisServer, startRedis } from "../tests/support/redis_server.ts";
import { temporaryDirectory } from "../tests/support/temporary.ts";
import { type DaemonProcess, residentOf, startDaemonProcess } from "./daemon_process.ts";
import { figureOf, median } from "./figures.ts";
import { layerFile } from "./layers.ts";
import type { Plan } from "./plan.ts";
import type { Report } from "./report.ts";
import { putRecords } from "./thousand_hosts.ts";

const SCENARIO = "page";
const LAYERS = 100;
const READERS = 20;
const REFRESH_MILLISECONDS = 5_000;
const SETTLE_MILLISECONDS = 60_000;

/** The daemon asks for the peers no more often for all readers together. */
const PEERS_FRESH_MILLISECONDS = 2_500;

/** Measures the memory with readers, and then a page of 1,000 hosts. */
export async function benchPage(plan: Plan, report: Report): Promise<void> {
  await report.attempt(SCENARIO, `${READERS} readers`, () => benchReaders(plan, report));
  await report.attempt(SCENARIO, "1,000 hosts", () => benchThousandHosts(plan, report));
}

/** The answer to a request for a view. */
interface Answered {
  /** Empty: the reader has it already. */
  readonly text: string;
  /** Null: it may be asked for only as a whole. */
  readonly tag: string | null;
  readonly milliseconds: number;
}

/** A daemon with the page and its own Redis. */
interface Served extends AsyncDisposable {
  readonly daemon: DaemonProcess;
  readonly redis: RedisServer;
  /** The answer to a request, which must be a success or 304, and how long it took until the last byte. */
  ask(path: string, tag?: string | null): Promise<Answered>;
  /** Reads the answer of the path until the signal, and resolves then. */
  follow(path: string, signal: AbortSignal): Promise<void>;
}

async function serve(seed: number): Promise<Served> {
  await using stack = new AsyncDisposableStack();
  const redis = stack.use(await startRedis());
  const directory = stack.use(await temporaryDirectory());
  const socket = directory.file("admin.sock");
  const settings = [
    "HighAvailability:Enabled=true",
    `HighAvailability:RedisConnectionString=${redis.host}:${redis.port}`,
    `Admin:Socket=${socket}`,
  ];
  const daemon = stack.use(await startDaemonProcess({ text: layerFile("uniform", LAYERS, seed).text, settings }));
  const client = stack.adopt(
    Deno.createHttpClient({ proxy: { transport: "unix", path: socket } }),
    (one) => one.close(),
  );
  const request = (path: string, signal: AbortSignal | null, tag: string | null = null) =>
    fetch(`http://localhost${path}`, {
      client,
      headers: { "X-Honua-Refresh": "1", ...tag !== null && { "If-None-Match": tag } },
      signal,
    });
  await eventually("the end of the idle parser", async () => (await childrenOf(daemon.pid)).length === 0, 20_000);
  const all = stack.move();
  return {
    daemon,
    redis,
    async ask(path, tag) {
      const start = performance.now();
      const answer = await request(path, null, tag);
      const text = await answer.text();
      if (!answer.ok && answer.status !== 304) throw new Error(`${path} answers ${answer.status}`);
      return { text, tag: answer.headers.get("ETag"), milliseconds: performance.now() - start };
    },
    async follow(path, signal) {
      try {
        const answer = await request(path, signal);
        if (!answer.ok || answer.body === null) throw new Error(`${path} answers ${answer.status}`);
        for await (const _ of answer.body) signal.throwIfAborted();
        throw new Error(`${path} has ended`);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
    [Symbol.asyncDispose]: () => all[Symbol.asyncDispose](),
  };
}

async function benchReaders({ seed, readerSeconds }: Plan, report: Report): Promise<void> {
  await using served = await serve(seed);
  const { daemon } = served;
  // The memory of the start is given back after a while.
  await pause(SETTLE_MILLISECONDS);
  // The first requests load modules, which stay and do not depend on the number of readers.
  const before = await residentDuring(daemon, readerSeconds);
  for (const path of ["/ui", "/ui/releases", "/ui/host"]) await served.ask(path);
  const warm = await residentDuring(daemon, readerSeconds);
  const ending = new AbortController();
  const readers = Array.from({ length: READERS }, () => read(served, ending.signal));
  const failed = Promise.all(readers);
  // It takes minutes until the heap has the size that these requests need.
  await Promise.race([residentDuring(daemon, readerSeconds), failed]);
  const withReaders = await Promise.race([residentDuring(daemon, readerSeconds), failed.then(() => [])]);
  ending.abort();
  await failed;
  const after = await residentDuring(daemon, readerSeconds);
  const add = (what: string, samples: readonly number[], most?: number) => {
    const limit = most === undefined ? undefined : { of: "p50", most } as const;
    report.add(figureOf({ scenario: SCENARIO, what, unit: "MiB", processes: [samples], limit }));
  };
  const seconds = `${readerSeconds} s`;
  add(`resident without readers, ${seconds}`, before);
  add(`resident after each view was asked for once, ${seconds}`, warm);
  add(`resident with ${READERS} readers, ${seconds}`, withReaders);
  add(`resident after they went, ${seconds}`, after);
  add(`growth by ${READERS} readers`, [median(withReaders) - median(before)], 10);
}

/** As the page's script does. */
async function read(served: Served, signal: AbortSignal): Promise<void> {
  const refresh = async () => {
    let tag: string | null = null;
    while (!signal.aborted) {
      ({ tag } = await served.ask("/ui", tag));
      await pause(REFRESH_MILLISECONDS, signal);
    }
  };
  // Persons do not open their pages at the same moment.
  await pause(Math.random() * REFRESH_MILLISECONDS, signal);
  await Promise.all([served.follow("/ui/events", signal), refresh()]);
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}

/** Samples of each second, in MiB. */
async function residentDuring({ pid }: DaemonProcess, seconds: number): Promise<number[]> {
  const samples: number[] = [];
  for (let second = 0; second < seconds; second++) {
    await pause(1_000);
    samples.push((await residentOf(pid, "VmRSS")).own);
  }
  return samples;
}

async function benchThousandHosts({ seed, pageSamples }: Plan, report: Report): Promise<void> {
  await using served = await serve(seed);
  await putRecords(served.redis);
  const fresh: number[] = [];
  const again: number[] = [];
  let bytes = 0;
  for (let sample = -1; sample < pageSamples; sample++) {
    await pause(PEERS_FRESH_MILLISECONDS);
    const first = await served.ask("/ui");
    const second = await served.ask("/ui");
    bytes = new TextEncoder().encode(first.text).length;
    if (!first.text.includes("edge-0999")) throw new Error("the page does not show all hosts");
    if (sample < 0) continue;
    fresh.push(first.milliseconds);
    again.push(second.milliseconds);
  }
  report.add(figureOf({ scenario: SCENARIO, what: "1,000 hosts, with their records read", processes: [fresh] }));
  report.add(figureOf({ scenario: SCENARIO, what: "1,000 hosts, within 2 s of another reader", processes: [again] }));
  report.add(figureOf({ scenario: SCENARIO, what: "1,000 hosts", unit: "KB", processes: [[bytes / 1_000]] }));
}
