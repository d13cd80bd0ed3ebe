// Makes the parameters of a connection to Redis from the options, the environment and the files that they name, again
// for each connection. It lists every secret in them, so that all output can be masked.
import { keyTrouble } from "./client_key.ts";
import { credentialPath } from "../../host/credential.ts";
import { readRegularFile } from "../../host/regular_file.ts";
import { type Diagnostic, warningDiagnostic } from "../../diagnostic/diagnostic.ts";
import { terminalText } from "../../diagnostic/terminal_text.ts";
import { parseConnectionString, type RedisEndpoint, type RedisPlan, type RedisServers } from "./connection_string.ts";
import { NO_CONNECTION_STRING } from "../isolation.ts";

/** The parameters of TLS. */
export interface RedisTls {
  /** The name that the server's certificate must bear; null: the endpoint's host. */
  readonly host: string | null;
  /** PEM of authorities to trust beside the system's; null: only the system's. */
  readonly ca: string | null;
  /** PEM of the client's certificate; null: none. Given together with `key`. */
  readonly certificate: string | null;
  /** PEM of its key; secret. */
  readonly key: string | null;
}

/** The parameters of a connection, without the servers. */
export interface RedisConnectionSettings {
  /** The ACL user; null: the default one. */
  readonly user: string | null;
  /** For Redis, and for a Sentinel that asks for one, as StackExchange.Redis does. Null: none. Secret. */
  readonly password: string | null;
  /** Default: 0. */
  readonly database: number;
  /** Null: no TLS. */
  readonly tls: RedisTls | null;
  /** The name of the connections in the lists of Redis (CLIENT SETNAME); null: none. */
  readonly clientName: string | null;
  /** The limit of connecting: `connectTimeout` of the string or, if it has none, the option. */
  readonly connectTimeoutMilliseconds: number;
}

/** All parameters of a connection. */
export type RedisConnection = RedisServers & RedisConnectionSettings;

/** The options about Redis; `src/options/options.ts` has them by the same names. */
export interface ConnectionOptions {
  readonly highAvailability: {
    readonly redisConnectionString: string | null;
    readonly connectionTimeoutMs: number;
    readonly redisPasswordFile: string | null;
    readonly tls: {
      readonly caFile: string | null;
      readonly certificateFile: string | null;
      readonly keyFile: string | null;
    };
  };
  readonly connectionStrings: { readonly redis: string | null };
}

/** The parameters and their secrets, or the reason why there are none. */
export type ResolvedConnection =
  | {
    readonly ok: true;
    readonly connection: RedisConnection;
    /** Texts that must never be shown, in no spelling. */
    readonly secrets: readonly string[];
    readonly warnings: readonly Diagnostic[];
  }
  | {
    readonly ok: false;
    /** One line without secrets. */
    readonly message: string;
    /** True: an option is wrong. False: a file could not be used. */
    readonly isOption: boolean;
  };

/** Reads at most `maxBytes` of a file and one byte more; rejects with the errno's name as `code`. */
export type ReadFile = (path: string, maxBytes: number) => Promise<Uint8Array>;

/** For each file that the options name. */
const MAX_FILE_BYTES = 65_536;

const STRING_OPTION = "HighAvailability:RedisConnectionString";
const SHARED_OPTION = "ConnectionStrings:Redis";
const PASSWORD_OPTION = "HighAvailability:RedisPasswordFile";

/**
 * Makes the parameters of a connection. `HighAvailability:RedisConnectionString` overrides
 * `ConnectionStrings:Redis`, the password file overrides a password in the string, and the string's `connectTimeout`
 * overrides `ConnectionTimeoutMs`.
 *
 * @param environment only `CREDENTIALS_DIRECTORY` is used: systemd puts a unit's credentials there (systemd.exec(5)).
 * @param readFile the operating system's unless a test injects faults.
 */
export async function resolveConnection(
  options: ConnectionOptions,
  environment: Readonly<Record<string, string | undefined>>,
  readFile: ReadFile = readRegularFile,
): Promise<ResolvedConnection> {
  const { redisConnectionString: own, connectionTimeoutMs, redisPasswordFile, tls: files } = options.highAvailability;
  const shared = options.connectionStrings.redis;
  const text = own ?? shared;
  const path = own === null ? SHARED_OPTION : STRING_OPTION;
  if (text === null) return optionMistake(NO_CONNECTION_STRING);
  const parsed = parseConnectionString(text);
  if (!parsed.ok) return optionMistake(`${path}: ${parsed.why}`);
  const { plan } = parsed;
  const misused = misusedTls(plan, files);
  if (misused !== null) return optionMistake(misused);
  const warnings = parsed.warnings.map((warning): Diagnostic => ({ ...warning, path }));
  let password = plan.password;
  if (redisPasswordFile !== null) {
    const read = await readPassword(redisPasswordFile, environment, readFile);
    if (!read.ok) return read;
    if (password !== null) warnings.push(twoPasswords(path));
    password = read.text;
  }
  const tls = await readTls(plan, files, readFile);
  if (!tls.ok) return tls;
  const { tls: _wanted, tlsHost: _host, connectTimeoutMilliseconds, ...kept } = plan;
  const connection: RedisConnection = {
    ...kept,
    password,
    tls: tls.tls,
    connectTimeoutMilliseconds: connectTimeoutMilliseconds ?? connectionTimeoutMs,
  };
  const secrets = secretsOf([own, shared], [password, tls.tls?.key ?? null]);
  return { ok: true, connection, secrets, warnings };
}

type TlsFiles = ConnectionOptions["highAvailability"]["tls"];
type Refused = Extract<ResolvedConnection, { readonly ok: false }>;
type ReadText = { readonly ok: true; readonly text: string } | Refused;

function optionMistake(message: string): Refused {
  return { ok: false, message, isOption: true };
}

function unusableFile(message: string): Refused {
  return { ok: false, message, isOption: false };
}

function misusedTls(plan: RedisPlan, files: TlsFiles): string | null {
  const { caFile, certificateFile, keyFile } = files;
  if ((certificateFile === null) !== (keyFile === null)) {
    return "HighAvailability:Tls:CertificateFile and HighAvailability:Tls:KeyFile are given together or not at all";
  }
  if (plan.tls || (caFile === null && certificateFile === null)) return null;
  return "HighAvailability:Tls names files, and the connection string asks for no TLS: write ssl=true or rediss://";
}

function twoPasswords(path: string): Diagnostic {
  const summary = `The password in the connection string has no effect: ${PASSWORD_OPTION} has another`;
  return warningDiagnostic("cluster/no-effect", summary, { path, suggestion: "Leave the password out of the string" });
}

/** A bare name is that of a systemd credential or, if there is no such credential, a relative path. */
async function readPassword(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
  readFile: ReadFile,
): Promise<ReadText> {
  const path = credentialPath(name, environment);
  const read = await readText(PASSWORD_OPTION, path, readFile, path === name ? undefined : name);
  if (!read.ok) return read;
  const text = read.text.replace(/\r?\n$/, "");
  if (text === "") return unusableFile(`${PASSWORD_OPTION}: ${terminalText(name)} holds no password`);
  return { ok: true, text };
}

async function readTls(
  plan: RedisPlan,
  { caFile, certificateFile, keyFile }: TlsFiles,
  readFile: ReadFile,
): Promise<{ readonly ok: true; readonly tls: RedisTls | null } | Refused> {
  if (!plan.tls) return { ok: true, tls: null };
  const texts: (string | null)[] = [];
  for (
    const [name, path, kind] of [
      ["CaFile", caFile, "CERTIFICATE"],
      ["CertificateFile", certificateFile, "CERTIFICATE"],
      ["KeyFile", keyFile, "PRIVATE KEY"],
    ] as const
  ) {
    if (path === null) texts.push(null);
    else {
      const read = await readPem(`HighAvailability:Tls:${name}`, path, kind, readFile);
      if (!read.ok) return read;
      texts.push(read.text);
    }
  }
  const [ca = null, certificate = null, key = null] = texts;
  const trouble = certificate === null || key === null ? null : keyTrouble(certificate, key);
  if (trouble !== null) {
    return unusableFile(`HighAvailability:Tls:CertificateFile and HighAvailability:Tls:KeyFile: ${trouble}`);
  }
  return { ok: true, tls: { host: plan.tlsHost, ca, certificate, key } };
}

/** A PEM file (RFC 7468) that holds a block of this kind. */
async function readPem(
  option: string,
  path: string,
  kind: "CERTIFICATE" | "PRIVATE KEY",
  readFile: ReadFile,
): Promise<ReadText> {
  const read = await readText(option, path, readFile);
  if (!read.ok) return read;
  const file = `${option}: ${terminalText(path)}`;
  if (/BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(read.text)) {
    return unusableFile(`${file} is encrypted: a key is needed that takes no passphrase`);
  }
  if (new RegExp(`-----BEGIN (?:[A-Z]+ )?${kind}-----`).test(read.text)) return read;
  return unusableFile(`${file} is not PEM: it holds no line -----BEGIN ${kind}-----`);
}

/** Reads the file's text; if there is no file at `path`, that of `otherwise`. */
async function readText(option: string, path: string, readFile: ReadFile, otherwise?: string): Promise<ReadText> {
  const file = `${option}: ${terminalText(path)}`;
  let bytes;
  try {
    bytes = await readFile(path, MAX_FILE_BYTES);
  } catch (error) {
    const { code, name } = error as Error & { code?: string };
    const isMissing = code === "ENOENT" || error instanceof Deno.errors.NotFound;
    if (isMissing && otherwise !== undefined) return readText(option, otherwise, readFile);
    return unusableFile(`${file} ${isMissing ? "does not exist" : "cannot be read"} (${code ?? name})`);
  }
  if (bytes.length > MAX_FILE_BYTES) return unusableFile(`${file} is larger than ${MAX_FILE_BYTES} bytes`);
  try {
    return { ok: true, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return unusableFile(`${file} is not UTF-8`);
  }
}

/**
 * Each secret, decoded and as its string spells it, for a masker that knows other spellings; a string that is not used
 * has secrets too. A whole string is a secret unless it holds only the address of Redis, which logs and status show.
 */
function secretsOf(strings: readonly (string | null)[], values: readonly (string | null)[]): string[] {
  const secrets = new Set<string>();
  for (const value of values) if (value !== null) secrets.add(value);
  for (const text of strings) {
    if (text === null || isHarmless(text)) continue;
    secrets.add(text.trim());
    const parsed = parseConnectionString(text);
    if (parsed.ok && parsed.plan.password !== null) secrets.add(parsed.plan.password);
    // From the user to the last @ of a URL, still percent-encoded.
    const written = /^[^:]*:\/\/[^:]*:(.+)@/s.exec(text)?.[1];
    if (written !== undefined) secrets.add(written);
  }
  return [...secrets];
}

/** A string with an unknown key is not harmless: that may be a misspelt key of a password. */
function isHarmless(text: string): boolean {
  const parsed = parseConnectionString(text);
  return parsed.ok && parsed.plan.password === null && parsed.plan.user === null &&
    parsed.warnings.every(({ code }) => code !== "cluster/unknown-key");
}

/** The address of a connection for logs and status: hosts, database, TLS; neither user nor password. */
export function describeConnection(connection: RedisConnection): string {
  const where = connection.kind === "single"
    ? nameOf(connection.endpoint)
    : connection.endpoints.map(nameOf).join(", ");
  const how = [
    ...(connection.kind === "sentinel" ? [`Sentinel's ${connection.serviceName}`] : []),
    ...(connection.database === 0 ? [] : [`database ${connection.database}`]),
    ...(connection.tls === null ? [] : ["TLS"]),
  ];
  return terminalText(how.length === 0 ? where : `${where} (${how.join(", ")})`);
}

/** The address as a user writes it: `host:port`, with brackets around IPv6, or the socket's path. */
export function nameOf(endpoint: RedisEndpoint): string {
  if ("path" in endpoint) return endpoint.path;
  return endpoint.host.includes(":") ? `[${endpoint.host}]:${endpoint.port}` : `${endpoint.host}:${endpoint.port}`;
}
