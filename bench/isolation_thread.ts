// hcl2json in a thread, a worker of Deno's or of node:worker_threads: answers each text with whether it was judged.
import { isMainThread, parentPort } from "node:worker_threads";
import { parse } from "@cdktf/hcl2json";

async function isJudged(text: string): Promise<boolean> {
  return await parse("thread", text).then(() => true, () => false);
}

/** The one end of a Deno worker's channel; its types are those of a page. */
const page = globalThis as unknown as { onmessage: unknown; postMessage(message: unknown): void };

if (!isMainThread && parentPort) {
  const port = parentPort;
  port.on("message", async (text: string) => port.postMessage(await isJudged(text)));
} else {
  page.onmessage = async ({ data }: MessageEvent<string>) => page.postMessage(await isJudged(data));
}
