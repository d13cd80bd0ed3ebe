// `honua-configd pull`: writes the source that the fleet has agreed on as a file, whole or not at all. It ends with 0,
// with 2 if the file's name says another format, with 3 if the source cannot be had or the file is another one.
import { errorCode } from "../host/atomic_write.ts";
import { readRegularFile } from "../host/regular_file.ts";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { formatOf } from "../compile.ts";
import { DEFAULT_MAX_BYTES } from "../source/source_file.ts";
import type { AdminFlags } from "./admin_address.ts";
import { jsonBody, unavailable, unexpectedAnswer, withAdminClient } from "./admin_client.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { bytesOf } from "./show.ts";
import { shortHash } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { writeSource } from "./write_source.ts";

export interface PullRequest {
  readonly address: AdminFlags;
  /** The file to write; `-` is standard output. */
  readonly file: string;
  /** Whether a file with another content is replaced. */
  readonly force: boolean;
}

/** For a source of 16 MiB over a slow network. */
const SOURCE_LIMIT_MILLISECONDS = 60_000;

/** Writes the source. */
export async function pull({ address, file, force }: PullRequest, terminal: Terminal): Promise<ExitCode> {
  return await withAdminClient(address, terminal, async (client) => {
    const opened = await client.open({ path: "admin/stable/source" }, AbortSignal.timeout(SOURCE_LIMIT_MILLISECONDS));
    if (!opened.ok) return unavailable(opened.message, terminal);
    const { response } = opened;
    if (response.status !== 200) {
      const answer = { ok: true, status: response.status, body: await jsonBody(response) } as const;
      return unavailable(client.refusal(answer), terminal);
    }
    const hash = response.headers.get("X-Honua-Hash");
    const format = response.headers.get("X-Honua-Format");
    if (hash === null || format === null) {
      await response.body?.cancel();
      return unavailable(unexpectedAnswer(client), terminal);
    }
    // Whole or not at all: a daemon may follow the file.
    const bytes = await bytesOf(response).catch(() => null);
    if (bytes === null) return unavailable(`The answer of ${client.name} broke off, or is no source`, terminal);
    if (file === "-") {
      terminal.out(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
      return EXIT.done;
    }
    if (formatOf(file) !== format) {
      const ending = format === "json" ? ".json" : ".hcl or .honua";
      terminal.error(`The source is in ${terminalText(format)}: name a file that ends in ${ending}\n`);
      return EXIT.usage;
    }
    return await write(file, { bytes, hash: terminalText(hash), force }, terminal);
  });
}

interface Content {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly hash: string;
  readonly force: boolean;
}

async function write(file: string, { bytes, hash, force }: Content, terminal: Terminal): Promise<ExitCode> {
  const shown = terminalText(file);
  try {
    const found = await lookAt(file);
    if (found !== null && isSame(found, bytes)) {
      terminal.error(`${shown} has the source of ${shortHash(hash)} already\n`);
      return EXIT.done;
    }
    if (found !== null && !force) {
      return unavailable(`${shown} has another content and was left as it is: --force replaces it`, terminal);
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return unavailable(`${shown} was not written: ${terminalText(why)}`, terminal);
  }
  return await writeSource(file, bytes, `the source of ${shortHash(hash)}, on which the fleet has agreed`, terminal);
}

/** The bytes of the file that is there; null: none. Throws if it is no regular file, or cannot be read. */
async function lookAt(file: string): Promise<Uint8Array | null> {
  try {
    return await readRegularFile(file, DEFAULT_MAX_BYTES);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
