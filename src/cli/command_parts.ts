// Parts that the definitions of several commands share: flags, their values, and the ends of help texts.
import { type Command, InvalidArgumentError, Option } from "commander";
import type { AdminFlags } from "./admin_address.ts";
import type { ExitCode } from "./exit_codes.ts";
import { parseLength, parseMoment } from "./moment.ts";

export type Finish = (code: ExitCode) => void;

export function addExamples(command: Command, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  honua-configd ${example}`).join("\n");
  return command.addHelpText("after", `\nExamples:\n${lines}\n`);
}

export const collect = (value: string, previous: string[]): string[] => [...previous, value];

/** Adds the flags for the address of the daemon. `format`: whether the command has two forms of its answer. */
export function addAddress(command: Command, { format = true }: { readonly format?: boolean } = {}): Command {
  command
    .addOption(new Option("--socket <path>", "the daemon's socket (default: Admin:Socket)").conflicts("url"))
    .addOption(new Option("-o, --options <file>", "an options file that names the socket").conflicts(["url", "socket"]))
    .option("--url <url>", "the daemon's address in place of its socket: http or https")
    .option("--token-file <file>", "holds the token for the URL, as Admin:TokenFile does there")
    .option("--ca-file <file>", "a private authority's certificates in PEM, for an https URL");
  if (!format) return command;
  return command
    .addOption(new Option("-f, --format <format>", "how to answer").choices(["text", "json"]).default("text"));
}

/** Adds the flag for the name of the person behind an order. */
export function addPerson(command: Command): Command {
  return command.option("--author <name>", "the person (default: the user, by SUDO_USER or USER)");
}

export type AddressOptions = { readonly [name in "socket" | "options" | "url" | "tokenFile" | "caFile"]?: string };

export function addressOf(flags: AddressOptions): AdminFlags {
  const { socket = null, options: optionsFile = null, url = null, tokenFile = null, caFile = null } = flags;
  return { socket, optionsFile, url, tokenFile, caFile };
}

/** systemd.unit(5): a name without a type is a service's. */
export function unitName(text: string): string {
  if (!/^[\w:.\\@][\w:.\\@-]{0,200}$/.test(text)) throw new InvalidArgumentError("It must be a unit's name.");
  return text.endsWith(".service") ? text : `${text}.service`;
}

export function positiveNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number from 1 on.");
}

/** A port of TCP. */
export function portNumber(text: string): number {
  const port = positiveNumber(text);
  if (port <= 65_535) return port;
  throw new InvalidArgumentError("It must be at most 65535.");
}

export function moment(text: string): number {
  const parsed = parseMoment(text, Date.now());
  if (parsed !== null) return parsed;
  throw new InvalidArgumentError("It must be a time (2026-01-31T12:00) or a length of time (90m, 12h, 7d).");
}

export function addEndings(command: Command, lines: readonly string[]): Command {
  return command.addHelpText("after", `\nEnds with:\n${lines.map((line) => `  ${line}`).join("\n")}`);
}

/** A time to come, in milliseconds since 1970. */
export function momentAhead(text: string): number {
  const parsed = parseMoment(text, Date.now(), "after");
  if (parsed !== null) return parsed;
  throw new InvalidArgumentError("It must be a time (2026-01-31T12:00) or a length of time (30m, 12h, 7d).");
}

/** As the daemon allows it; its own constant would load its rules for every command. */
const MAX_CONFIRM_MILLISECONDS = 24 * 3_600_000;

/** The wait for a confirmation, in seconds. */
export function confirmSeconds(text: string): number {
  const length = parseLength(text);
  if (length !== null && length > 0 && length <= MAX_CONFIRM_MILLISECONDS) return length / 1_000;
  throw new InvalidArgumentError("It must be a length of time up to 24h (90s, 10m, 1h).");
}
