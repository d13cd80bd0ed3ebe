// The only importer of @cdktf/hcl2json, which decides whether a text is valid HCL. It runs in a process of its own
// (parser.ts starts and ends it), because the parser could take the daemon down: it can hang, and it can use up the
// memory.
import process from "node:process";
import { joinParts, readFrames, type TextPart, writeFrame } from "./frames.ts";

/** Any JSON value, as hcl2json returns it: a block is an array of bodies under its type and labels. */
export type HclJson = null | boolean | number | string | HclJson[] | { [name: string]: HclJson };

/** hcl2json's result for one text: the meaning, or a complaint with places as `FILE_MARK:line,column-…`. */
export type HclVerdict = { readonly value: HclJson } | { readonly complaint: string };

/** A part of the texts to judge; each text must be valid without the others. */
export type ParseRequest = TextPart;

/**
 * The replies: the index of the text with which the parser begins, the verdicts on the next texts, and behind all
 * verdicts the resident memory of the process, in bytes. Processor time is the total of the process so far.
 */
export type ParseReply =
  | { readonly at: number; readonly processorMilliseconds: number }
  | { readonly verdicts: readonly HclVerdict[] }
  | { readonly residentBytes: number; readonly processorMilliseconds: number };

/** The file name before each place in a complaint; HCL quotes only names there, and they cannot contain it. */
export const FILE_MARK = "\u0001";

/** The number of texts in one call. More gain little, and after a fault in one, all are judged again. */
const BATCH_TEXTS = 64;

/** Parses one text: returns its meaning, or throws an error whose message is the complaint. */
export type ParseText = (fileName: string, text: string) => Promise<HclJson>;

/** Answers requests until the input ends; calls `confine` once the parser has loaded all that it needs. */
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

/** Of all threads of this process, in user mode and in the kernel. */
function processorMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Returns one verdict for each text. One call judges up to `batchTexts`, each wrapped in a block, which is several
 * times faster; if that call fails, or does not return exactly these blocks, each text is judged by itself.
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

// The parser's process gives up its permissions before it sees a text: a hole in the parser gives an attacker only the
// two pipes to the daemon.

/** All of Deno's kinds of permission. */
const KINDS = ["read", "write", "net", "env", "run", "sys", "ffi", "import"] as const;

/** Revokes all permissions of this process permanently: without a terminal to ask on, Deno refuses the revoked ones. */
export function giveUpPermissions(): void {
  for (const name of KINDS) Deno.permissions.revokeSync({ name });
}
