// A host of hcl2json for the bench, which keeps it apart in one of three ways and prints the result as JSON:
// `isolation_host.ts KIND MEASUREMENT [COUNT]`. Each measurement has its own process, so that none sees another's.
import { once } from "node:events";
import { Worker as NodeWorker } from "node:worker_threads";
import { giveUpPermissions, serveParser } from "../src/document/hcl/hcl.ts";
import { DEFAULT_LIMITS, openParser } from "../src/document/hcl/parser.ts";
import { PARSER_COMMAND } from "../src/document/hcl/parser_process.ts";
import { usageOf } from "../src/document/hcl/usage.ts";
import { childrenOf } from "../tests/support/process_tree.ts";

/** hcl2json, somewhere else. */
interface Isolate {
  /** Resolves with whether there was a verdict. */
  judge(text: string): Promise<boolean>;
  /** Ends it, also in the middle of its work. */
  end(): Promise<unknown>;
}

const THREAD = new URL("./isolation_thread.ts", import.meta.url);
const MEBIBYTE = 1024 * 1024;
const NO_LIMITS = { ...DEFAULT_LIMITS, timeMilliseconds: 600_000, wallMilliseconds: 1_200_000, memoryBytes: Infinity };

const OPENERS: Readonly<Record<string, () => Isolate>> = {
  worker() {
    const worker = new Worker(THREAD, { type: "module" });
    const judge = (text: string) =>
      new Promise<boolean>((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = (event) => {
          event.preventDefault();
          reject(new Error(event.message));
        };
        worker.postMessage(text);
      });
    return { judge, end: () => Promise.resolve(worker.terminate()) };
  },
  "node-worker"() {
    const worker = new NodeWorker(THREAD, { resourceLimits: { maxOldGenerationSizeMb: 128 } });
    const judge = async (text: string) => {
      worker.postMessage(text);
      return (await once(worker, "message"))[0];
    };
    return { judge, end: () => worker.terminate() };
  },
  process() {
    const parser = openParser({ ...NO_LIMITS, idleMilliseconds: 600_000 });
    return {
      judge: async (text) => (await parser.judge([text])).ok,
      async end() {
        parser.kill();
        await parser[Symbol.asyncDispose]();
      },
    };
  },
};

const TEXT = 'layer "roads" {\n  title = "Roads"\n}\n';

/** A list of this many bytes. */
function list(bytes: number): string {
  return `x = [${"1,".repeat(bytes / 2)}]\n`;
}

function elapse(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Of this process and its children. */
async function used(): Promise<{ mebibytes: number; processorMilliseconds: number }> {
  const pids = [Deno.pid, ...await childrenOf(Deno.pid)];
  const usages = (await Promise.all(pids.map(usageOf))).filter((usage) => usage !== null);
  return {
    mebibytes: usages.reduce((sum, usage) => sum + usage.residentBytes, 0) / MEBIBYTE,
    processorMilliseconds: usages.reduce((sum, usage) => sum + usage.processorMilliseconds, 0),
  };
}

function countOf(directory: string): number {
  return [...Deno.readDirSync(`/proc/self/${directory}`)].length;
}

/** How long the event loop was held at the longest, in milliseconds, until it is stopped. */
function watchLoop(): () => number {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  return () => {
    clearInterval(timer);
    return longest;
  };
}

const MEASUREMENTS: Readonly<Record<string, (open: () => Isolate, count: number) => Promise<Record<string, number>>>> =
  {
    async use(open) {
      const before = await used();
      const held = watchLoop();
      const begun = performance.now();
      const isolate = open();
      await isolate.judge(TEXT);
      const first = performance.now() - begun;
      const heldMilliseconds = held();
      const processor = (await used()).processorMilliseconds - before.processorMilliseconds;
      await elapse(1_000);
      const idle = (await used()).mebibytes - before.mebibytes;
      await isolate.end();
      await elapse(2_000);
      return { first, processor, held: heldMilliseconds, idle, ended: (await used()).mebibytes - before.mebibytes };
    },
    async hang(open) {
      const isolate = open();
      await isolate.judge(TEXT);
      const held = watchLoop();
      isolate.judge(list(256 * 1024)).catch(() => {});
      await elapse(1_000);
      await isolate.end();
      const before = (await used()).processorMilliseconds;
      await elapse(1_000);
      return { held: held(), after: (await used()).processorMilliseconds - before };
    },
    async greed(open) {
      const before = (await used()).mebibytes;
      const isolate = open();
      await isolate.judge(TEXT);
      let isDone = false;
      isolate.judge(list(3 * MEBIBYTE)).catch(() => {}).finally(() => isDone = true);
      let peak = 0;
      for (let isEnded = false, left = 1_000; left > 0 && !(isDone && !isEnded); left--) {
        await elapse(10);
        peak = Math.max(peak, (await used()).mebibytes - before);
        if (isEnded || peak * MEBIBYTE < DEFAULT_LIMITS.memoryBytes) continue;
        isEnded = true;
        left = 300;
        await isolate.end();
      }
      return { peak, after: (await used()).mebibytes - before };
    },
    async starts(open, count) {
      const start = async () => {
        const isolate = open();
        await isolate.judge(TEXT);
        await isolate.end();
      };
      for (let warmUp = 0; warmUp < 5; warmUp++) await start();
      await elapse(500);
      const before = [countOf("fd"), countOf("task"), (await used()).mebibytes];
      for (let number = 0; number < count; number++) await start();
      await elapse(2_000);
      const [descriptors, threads, memory] = [countOf("fd"), countOf("task"), (await used()).mebibytes];
      return { descriptors: descriptors - before[0]!, threads: threads - before[1]!, memory: memory - before[2]! };
    },
  };

const [kind, measurement, count] = Deno.args;
if (kind === PARSER_COMMAND) await serveParser(Deno.stdin.readable, Deno.stdout.writable, giveUpPermissions);
else console.log(JSON.stringify(await MEASUREMENTS[measurement!]!(OPENERS[kind!]!, Number(count))));
Deno.exit(0);
