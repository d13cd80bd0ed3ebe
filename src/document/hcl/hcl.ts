// The only importer of @cdktf/hcl2json, the judge of what valid HCL is. It runs in a process of its own (parser.ts
// starts and ends it) because the parser is not trusted with the daemon's life: it can hang, and it can eat memory.
import process from "node:process";
import { joinParts, readFrames, type TextPart, writeFrame } from "./frames.ts";

/** Any JSON value, as hcl2json gives it: a block is an array of bodies under its type and labels. */
export type HclJson = null | boolean | number | string | HclJson[] | { [name: string]: HclJson };

/** What hcl2json says of one text: its meaning, or its complaint with places as `FILE_MARK:line,column-…`. */
export type HclVerdict = { readonly value: HclJson } | { readonly complaint: string };

/** A part of the texts on which verdicts are asked for; each text must be able to stand alone. */
export type ParseRequest = TextPart;

/**
 * What comes back: where the parser is (the index of the text it begins with), the verdicts on the next texts, and behind
 * all verdicts what the process has resident, in bytes. Processor time is all that the process has spent by then.
 */
export type ParseReply =
  | { readonly at: number; readonly processorMilliseconds: number }
  | { readonly verdicts: readonly HclVerdict[] }
  | { readonly residentBytes: number; readonly processorMilliseconds: number };

/** The file name that stands before each place in a complaint; what HCL quotes there are names, which cannot hold it. */
export const FILE_MARK = "\u0001";

/** How many texts go into one call. More gain little, and a fault in one costs judging all of them again. */
const BATCH_TEXTS = 64;

/** Parses one text: a meaning, or an error whose message is the complaint. */
export type ParseText = (fileName: string, text: string) => Promise<HclJson>;

/** Answers requests until the input ends; `confine` is called when all that the parser needs is loaded. */
export async function serveParser(
  input: ReadableStream<Uint8Array>,
  output: WritableStream<Uint8Array>,
  confine: () => void,
): Promise<void> {
  const parse = (await import("@cdktf/hcl2json")).parse as ParseText;
  await parse(FILE_MARK, "");
  confine();
  const writer = output.getWriter();
  const reply = (message: ParseReply) => writeFrame(writer, message);
  const join = joinParts();
  let at = 0;
  for await (const message of readFrames(input)) {
    const part = message as ParseRequest;
    const texts = join(part);
    for (let from = 0; from < texts.length; from += BATCH_TEXTS) {
      const batch = texts.slice(from, from + BATCH_TEXTS);
      const start = at;
      const verdicts = await judgeTexts(parse, batch, BATCH_TEXTS, (index) => {
        return reply({ at: start + index, processorMilliseconds: processorMilliseconds() });
      });
      await reply({ verdicts });
      at += batch.length;
    }
    if (!part.isLast) continue;
    await reply({ residentBytes: Deno.memoryUsage().rss, processorMilliseconds: processorMilliseconds() });
    at = 0;
  }
}

/** What this process has spent, of all its threads, in user mode and in the kernel. */
function processorMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * One verdict for each text. Up to `batchTexts` are wrapped in blocks of their own and judged in one call, which is
 * several times faster; where that call fails, or does not come back as it went in, each is judged alone.
 */
export async function judgeTexts(
  parse: ParseText,
  texts: readonly string[],
  batchTexts: number,
  progress: (at: number) => Promise<void> = () => Promise.resolve(),
): Promise<HclVerdict[]> {
  const verdicts: HclVerdict[] = [];
  for (let from = 0; from < texts.length; from += batchTexts) {
    await progress(from);
    const batch = texts.slice(from, from + batchTexts);
    const together = batch.length > 1 ? await judgeTogether(parse, batch) : null;
    if (together) verdicts.push(...together);
    else {
      for (const [index, text] of batch.entries()) {
        if (index > 0) await progress(from + index);
        verdicts.push(await judge(parse, text));
      }
    }
  }
  return verdicts;
}

async function judge(parse: ParseText, text: string): Promise<HclVerdict> {
  try {
    return { value: await parse(FILE_MARK, text) };
  } catch (error) {
    return { complaint: error instanceof Error ? error.message : String(error) };
  }
}

async function judgeTogether(parse: ParseText, texts: readonly string[]): Promise<HclVerdict[] | null> {
  const wrapped = texts.map((text, index) => `t${index} {\n${text}}\n`).join("");
  const verdict = await judge(parse, wrapped);
  if (!("value" in verdict)) return null;
  const bodies = Object.entries(verdict.value as { [name: string]: HclJson });
  if (bodies.length !== texts.length) return null;
  const found = new Map(bodies);
  const verdicts: HclVerdict[] = [];
  for (const index of texts.keys()) {
    const body = found.get(`t${index}`);
    if (!Array.isArray(body) || body.length !== 1) return null;
    verdicts.push({ value: body[0]! });
  }
  return verdicts;
}

// What the parser's process gives up before it sees a text: whoever finds a hole in the parser finds nothing behind it
// but the two pipes to the daemon.

/** All kinds of permission that Deno knows. */
const KINDS = ["read", "write", "net", "env", "run", "sys", "ffi", "import"] as const;

/** Gives up all permissions of this process, for good: without a terminal to ask on, what is not granted is refused. */
export function giveUpPermissions(): void {
  for (const name of KINDS) Deno.permissions.revokeSync({ name });
}
