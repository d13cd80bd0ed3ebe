// `honua-configd publish`: sends a source to the daemon, which puts it into the store and proposes it to the fleet, or
// does that itself, and follows its rollout. It ends with 0 if the fleet took it up; with 1 if the source is not valid
// or refused, or its rollout did not end well; with 3 if nothing answers or that is not known.
import * as z from "zod";
import { isHash } from "../agreement/head.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { renderText } from "../diagnostic/render.ts";
import { jsonLine, terminalText } from "../diagnostic/terminal_text.ts";
import { openBlockParser } from "../document/hcl/block_parser.ts";
import type { Options } from "../options/options.ts";
import type { AdminFlags } from "./admin_address.ts";
import { followAgreed } from "./agreed_release.ts";
import { type AdminClient, unavailable, unexpectedAnswer, withAdminClient } from "./admin_client.ts";
import { reportInvalid } from "./diff.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { refusedOrder } from "./order.ts";
import { personOf } from "./person.ts";
import { requestedOptions } from "./prepared.ts";
import { followPublished } from "./published_rollout.ts";
import { type AskedRollout, askedRollout, askRollout, PACE } from "./rollout.ts";
import { compileArgument, exitCodeOf, readArgument, readEnvironment, type SourceArgument } from "./source_argument.ts";
import { shortHash } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** The text to publish, and whether to wait for its end. */
export interface Publication {
  /** A path, or `-` for standard input. */
  readonly file: string;
  /** The name of standard input. */
  readonly name: string;
  readonly format: "text" | "json";
  readonly reason: string;
  /** Null: the user. */
  readonly author: string | null;
  /** Whether to end when it is proposed. */
  readonly isDetached: boolean;
  /** The longest wait; null: as long as the steps of its rollout may take. */
  readonly limitMilliseconds: number | null;
}

/** The daemon gives a publication 60 s; the rest is for its answer to arrive. */
const PUBLISH_LIMIT_MILLISECONDS = 65_000;

const publishedSchema = z.object({
  status: z.enum(["unchanged", "first", "proposed"]),
  hash: z.custom<string>(isHash),
});

/** Publishes by a daemon, and follows. */
export async function publish(
  { address, ...publication }: Publication & { readonly address: AdminFlags },
  terminal: Terminal,
): Promise<ExitCode> {
  const read = await readArgument(publication.file, publication.name, terminal);
  if (!read.ok) return unread(read, terminal);
  return await withAdminClient(address, terminal, async (client) => {
    const published = await send(client, read.source, publication, terminal);
    if (typeof published === "number") return published;
    const { status, hash } = published;
    if (publication.isDetached) return EXIT.done;
    const { format, limitMilliseconds } = publication;
    if (status !== "proposed") {
      return await followAgreed({ hash, format, limitMilliseconds }, client, terminal, PACE);
    }
    return await followPublished({ hash, format, limitMilliseconds, ask: () => askRollout(client) }, terminal, PACE);
  });
}

/** The further parts of a publication without a daemon. */
export interface DirectRequest {
  /** The connection string in place of the options'; null: theirs. */
  readonly redis: string | null;
  readonly optionsFile: string | null;
  readonly environmentFiles: readonly string[];
}

/** Publishes by this process, and follows. */
export async function publishDirectly(
  { redis, optionsFile, environmentFiles, ...publication }: Publication & DirectRequest,
  terminal: Terminal,
): Promise<ExitCode> {
  const options = await optionsOf(optionsFile, redis, terminal);
  if (typeof options === "number") return options;
  const read = await readArgument(publication.file, publication.name, terminal);
  if (!read.ok) return unread(read, terminal);
  const hash = await hashOf(read, environmentFiles, terminal);
  if (typeof hash === "number") return hash;
  const { openStorePublisher } = await import("../daemon.ts");
  const opened = await openStorePublisher(options, terminal.environment, `publish@${Deno.hostname()}`);
  if (!opened.ok) {
    terminal.error(`${opened.message}\n`);
    return opened.isOption ? EXIT.usage : EXIT.unavailable;
  }
  await using publisher = opened.publisher;
  const { reason, format, isDetached, limitMilliseconds } = publication;
  const author = personOf(publication.author, terminal.environment);
  const bytes = new TextEncoder().encode(read.source.text);
  const answer = await publisher.publish({ hash, format: read.format, bytes, author, reason });
  if (answer.kind !== "published") {
    terminal.error(`Not published: ${terminalText(answer.reason)}\n`);
    return answer.kind === "refused" ? EXIT.invalid : EXIT.unavailable;
  }
  const { status } = answer;
  terminal.out(format === "json" ? jsonLine({ status, hash }) : `${publishedText({ status, hash })}\n`);
  if (status !== "proposed" || isDetached) return EXIT.done;
  const ask = async (): Promise<AskedRollout> => {
    const asked = await publisher.rollout();
    if (!asked.ok) return { ok: false, why: asked.reason, isPassing: true };
    return askedRollout({ rollout: asked.rollout }) ?? { ok: false, why: "The store has no rollout", isPassing: false };
  };
  return await followPublished({ hash, format, limitMilliseconds, ask }, terminal, PACE);
}

/** The options of the daemons of this fleet, as far as the store and its rollouts are concerned. */
async function optionsOf(
  optionsFile: string | null,
  redis: string | null,
  terminal: Terminal,
): Promise<Options | ExitCode> {
  const settings = [{ flag: "--redis", key: "HighAvailability:Enabled", value: "true" }];
  if (redis !== null) settings.push({ flag: "--redis", key: "HighAvailability:RedisConnectionString", value: redis });
  const read = await requestedOptions({ config: null, optionsFile, settings, set: [] }, terminal.environment);
  if (read.ok) return read.options;
  terminal.error(
    renderText(read.diagnostics, { sources: new Map(), colour: terminal.colourError, frames: false }),
  );
  return read.code;
}

/** The hash of a source that is valid in the environment of this process; otherwise its diagnostics are reported. */
async function hashOf(
  source: Extract<SourceArgument, { ok: true }>,
  environmentFiles: readonly string[],
  terminal: Terminal,
): Promise<string | ExitCode> {
  const environment = await readEnvironment(environmentFiles, terminal);
  if (!environment.ok) return unread(environment, terminal);
  await using parser = openBlockParser();
  const { compiled, frames } = await compileArgument(source, environment.environment, parser);
  if (compiled.ok) return compiled.snapshot.hash;
  terminal.error(renderText(compiled.diagnostics, { sources: frames, colour: terminal.colourError, frames: true }));
  terminal.error(`${terminalText(source.source.name)}: invalid\n`);
  return exitCodeOf(compiled.diagnostics);
}

/** Reports that the source cannot be read. */
function unread({ diagnostic }: { readonly diagnostic: Diagnostic }, terminal: Terminal): ExitCode {
  terminal.error(renderText([diagnostic], { sources: new Map(), colour: terminal.colourError, frames: false }));
  return exitCodeOf([diagnostic]);
}

async function send(
  client: AdminClient,
  { name, text }: { readonly name: string; readonly text: string },
  { reason, author, format }: Publication,
  terminal: Terminal,
): Promise<z.infer<typeof publishedSchema> | ExitCode> {
  const answer = await client.ask({
    method: "POST",
    path: "admin/publish",
    json: { name, text, reason, author: personOf(author, terminal.environment) },
    limitMilliseconds: PUBLISH_LIMIT_MILLISECONDS,
  });
  if (!answer.ok) return unavailable(answer.message, terminal);
  if (answer.status !== 200) {
    return reportInvalid(answer, terminal) ?? refusedOrder("Not published", answer, client, terminal);
  }
  const parsed = publishedSchema.safeParse(answer.body);
  if (!parsed.success) return unavailable(unexpectedAnswer(client), terminal);
  terminal.out(format === "json" ? jsonLine(answer.body) : `${publishedText(parsed.data)}\n`);
  return parsed.data;
}

/** `Proposed: 3f2a91c0`. */
function publishedText({ status, hash }: z.infer<typeof publishedSchema>): string {
  switch (status) {
    case "unchanged":
      return `Unchanged: the fleet has agreed on ${shortHash(hash)} already, and its text is in the store`;
    case "first":
      return `Published: ${shortHash(hash)} is the first release in the store. ` +
        "It has no rollout; name and reason are in the journal of the host that was asked";
    case "proposed":
      return `Proposed: ${shortHash(hash)}`;
  }
}
