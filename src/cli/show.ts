// `honua-configd show`: the source of a release, byte for byte as it was written, or the snapshot that it makes today,
// secrets masked. It ends with 0, with 1 if there is no such release or its source makes no snapshot any more, with 3
// if the source cannot be read.
import * as z from "zod";
import { sourceText } from "../diagnostic/range.ts";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { findRelease, unknownRelease } from "../releases/history_list.ts";
import type { TextFormat } from "../releases/release.ts";
import { keyRingFile } from "../releases/key_ring.ts";
import { readReference, referenceText } from "../releases/source_reference.ts";
import { readHistoryText } from "../releases/source_history.ts";
import { decodeSource, DEFAULT_MAX_BYTES } from "../source/source_file.ts";
import { type AdminClient, jsonBody, unavailable, unexpectedAnswer } from "./admin_client.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { type Asked, type FoundPlace, reachHistory } from "./history_reach.ts";
import { printSource } from "./print.ts";
import type { StatePlaceRequest } from "./state_place.ts";
import type { Terminal } from "./terminal.ts";
import { writeSource } from "./write_source.ts";

export interface ShowReleaseRequest extends StatePlaceRequest {
  /** A number, or at least 8 digits of a hash. */
  readonly reference: string;
  /** The file to write the source to; null or "-": it is printed. */
  readonly output: string | null;
  /** Whether to print the snapshot in place of the source. */
  readonly snapshot: boolean;
  /** For the snapshot, after those of the daemon's options. */
  readonly environmentFiles: readonly string[];
}

/** For a source of 16 MiB over a slow network. */
const SOURCE_LIMIT_MILLISECONDS = 60_000;

/** The name of a source that is no path; `format` is null if only its bytes are wanted. */
interface Shown {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly format: TextFormat | null;
}

/** Shows the release. */
export async function showRelease(request: ShowReleaseRequest, terminal: Terminal): Promise<ExitCode> {
  const named = readReference(request.reference);
  if (named?.kind !== "number" && named?.kind !== "hash") {
    terminal.error("show takes the number of a release, or at least 8 digits of its hash: see honua-configd history\n");
    return EXIT.usage;
  }
  const reference = referenceText(named);
  const show = (shown: Shown, place: FoundPlace | null) => showSource(shown, request, place, terminal);
  return await reachHistory(request, terminal, {
    async ask(client, place) {
      const fetched = await fetchSource(client, reference, request.snapshot, terminal);
      return "bytes" in fetched ? { code: await show(fetched, place) } : fetched;
    },
    async read({ kept, directory }, place) {
      const release = findRelease(kept, reference);
      if (release === null) return unknown(reference, terminal);
      const read = await readHistoryText(directory, release.hash, {
        maxTextBytes: DEFAULT_MAX_BYTES,
        keyRing: place.keyFile === null ? null : keyRingFile(place.keyFile),
      });
      if (!read.ok) return unavailable(read.message, terminal);
      return await show({ format: read.format, bytes: new Uint8Array(read.bytes) }, place);
    },
  });
}

async function showSource(
  { bytes, format }: Shown,
  { reference, snapshot, output, environmentFiles }: ShowReleaseRequest,
  place: FoundPlace | null,
  terminal: Terminal,
): Promise<ExitCode> {
  if (output !== null && output !== "-") {
    return await writeSource(output, bytes, `the source of release ${reference}`, terminal);
  }
  if (!snapshot) {
    // A source that was in force is UTF-8 (`decodeSource`), so its bytes come out as they went in.
    terminal.out(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
    return EXIT.done;
  }
  const name = `release ${reference}`;
  const decoded = decodeSource(name, bytes);
  const read = decoded.ok
    ? { ok: true, source: sourceText(name, decoded.text), format: format ?? "hcl" } as const
    : { ok: false, diagnostic: decoded.diagnostic } as const;
  const files = [...place?.environmentFiles ?? [], ...environmentFiles];
  const options = { portable: false, server: false, showSecrets: false, environmentFiles: files };
  return await printSource(read, options, { ...terminal, environment: place?.environment ?? terminal.environment });
}

const formatSchema = z.object({ format: z.enum(["hcl", "json"]) });
const problemSchema = z.object({ code: z.string() });

async function fetchSource(
  client: AdminClient,
  reference: string,
  isFormatWanted: boolean,
  terminal: Terminal,
): Promise<Shown | Asked> {
  const path = `admin/releases/${reference}`;
  let format: TextFormat | null = null;
  if (isFormatWanted) {
    const answer = await client.ask({ path });
    if (!answer.ok) return { noAnswer: answer.message };
    const parsed = formatSchema.safeParse(answer.body);
    if (answer.status !== 200) return refused(client, answer, reference, terminal);
    if (!parsed.success) return { code: unavailable(unexpectedAnswer(client), terminal) };
    format = parsed.data.format;
  }
  const ending = AbortSignal.timeout(SOURCE_LIMIT_MILLISECONDS);
  const opened = await client.open({ path: `${path}/source` }, ending);
  if (!opened.ok) return { noAnswer: opened.message };
  const { response } = opened;
  if (response.status !== 200) {
    return refused(client, { ok: true, status: response.status, body: await jsonBody(response) }, reference, terminal);
  }
  // Whole or not at all: an operator writes it over the file.
  const bytes = await bytesOf(response).catch(() => null);
  if (bytes !== null) return { format, bytes };
  return { code: unavailable(`The answer of ${client.name} broke off, or is no source`, terminal) };
}

/** The bytes of an answer with a source; null: it is larger than any source. Rejects if it breaks off. */
export async function bytesOf(response: Response): Promise<Uint8Array<ArrayBuffer> | null> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > DEFAULT_MAX_BYTES) return null;
    chunks.push(chunk);
  }
  return await new Blob(chunks).bytes();
}

function refused(
  client: AdminClient,
  answer: { readonly ok: true; readonly status: number; readonly body: unknown },
  reference: string,
  terminal: Terminal,
): Asked {
  const isUnknown = problemSchema.safeParse(answer.body).data?.code === "admin/no-release";
  return { code: isUnknown ? unknown(reference, terminal) : unavailable(client.refusal(answer), terminal) };
}

function unknown(reference: string, terminal: Terminal): ExitCode {
  terminal.error(`${terminalText(unknownRelease(reference))}\n`);
  return EXIT.invalid;
}
