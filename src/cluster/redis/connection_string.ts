// Parses Redis connection strings, in the three forms that are in use, to a plan: the servers, the user, the settings.
// Parsing is pure and bounded, and no message quotes a value: any part of such a string may be a password.
import { type Diagnostic, warningDiagnostic } from "../../diagnostic/diagnostic.ts";
import { isSecretName } from "../../diagnostic/secrets.ts";
import { type ConnectionSetting, isHost, isKey, type RedisSettings, takeSettings } from "./connection_keys.ts";

/** A host and a port. */
export interface TcpEndpoint {
  /** A name or an address; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
}

/** A unix domain socket. */
export interface UnixEndpoint {
  readonly path: string;
}

/** The address of one server. */
export type RedisEndpoint = TcpEndpoint | UnixEndpoint;

/** The servers, and how the one to connect to is found. */
export type RedisServers =
  | { readonly kind: "single"; readonly endpoint: RedisEndpoint }
  /** Sentinels, which know the address of the primary of `serviceName`. */
  | { readonly kind: "sentinel"; readonly serviceName: string; readonly endpoints: readonly TcpEndpoint[] }
  /** Two or more, each of which is asked for its role: a cluster's nodes, or a primary and its replicas. */
  | { readonly kind: "several"; readonly endpoints: readonly TcpEndpoint[] };

/** A parsed connection string. */
export type RedisPlan = RedisServers & RedisSettings;

/** A plan, or the reason why there is none: one line that quotes no value. */
export type ParsedConnectionString =
  | { readonly ok: true; readonly plan: RedisPlan; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly why: string };

const MAX_LENGTH = 16_384;
const MAX_HOSTS = 64;

/**
 * Parses a connection string in one of these forms:
 *
 * - `host:6379,host2,password=…,ssl=true`, as StackExchange.Redis reads it (ConfigurationOptions.Parse): keys in any
 *   case, values up to the next comma, port 6379, with `ssl` 6380, with `serviceName` (Sentinel) 26379;
 * - `redis://user:password@host:port/database` and `rediss://…` for TLS, both on port 6379 and percent-encoded, as
 *   registered with IANA, with keys of the first form after `?`;
 * - `unix:///run/redis.sock` or `/run/redis.sock`, with keys after `?` or a comma.
 *
 * A key without effect here is a warning, and so is an unknown one; a value that cannot be used is an error.
 */
export function parseConnectionString(text: string): ParsedConnectionString {
  const whole = text.trim();
  if (whole.length > MAX_LENGTH) return failed(`It is longer than ${MAX_LENGTH} characters`);
  if (whole === "") return failed("It is empty");
  const scheme = /^([a-z][a-z0-9+.-]{0,31}):\/\//i.exec(whole)?.[1]?.toLowerCase();
  const isUrl = scheme === "redis" || scheme === "rediss";
  if (scheme !== undefined && !isUrl && scheme !== "unix") {
    return failed(`${scheme}:// is not known: write redis://, rediss:// or unix://`);
  }
  const parts = isUrl ? partsOfUrl(whole, scheme === "rediss") : partsOfList(whole);
  return parts.ok ? planOf(parts) : parts;
}

interface Failed {
  readonly ok: false;
  readonly why: string;
}

/** A host whose port may be left to the default, or a socket. */
type Address = { readonly host: string; readonly port: number | null } | UnixEndpoint;

/** The parts of a connection string, the same for each form. */
interface Parts {
  readonly ok: true;
  readonly addresses: readonly Address[];
  readonly settings: readonly ConnectionSetting[];
  /** The default port with TLS. */
  readonly tlsPort: number;
}

function failed(why: string): Failed {
  return { ok: false, why };
}

const COMMA_IN_PASSWORD = "The part after a password or an unknown key is no setting: a password with a comma cannot " +
  "be written here, put it into the file that HighAvailability:RedisPasswordFile names";

/**
 * Whether the text after this key may be the rest of its value: a password that holds a comma or, in a URL, an `&`. An
 * unknown key may be a misspelt one of a password.
 */
function isCutShort(name: string): boolean {
  return isSecretName(name) || !isKey(name);
}

function partsOfList(text: string): Parts | Failed {
  const addresses: Address[] = [];
  const settings: ConnectionSetting[] = [];
  let isDoubtful = false;
  for (const [index, part] of text.split(",").map((part) => part.trim()).entries()) {
    if (part === "") continue;
    const isSocket = /^(?:!?\/|unix:)/i.test(part);
    const at = part.indexOf("=");
    if (at > 0 && !isSocket) {
      const name = part.slice(0, at).trim();
      settings.push({ name, value: part.slice(at + 1).trim(), isDoubtful });
      isDoubtful = isCutShort(name);
      continue;
    }
    const found = isSocket ? socketOf(part) : hostOf(part);
    if (isDoubtful && (!found.ok || found.isBare)) return failed(COMMA_IN_PASSWORD);
    if (!found.ok) return failed(`Part ${index + 1} ${found.why}`);
    addresses.push(found.address);
    settings.push(...found.settings);
    isDoubtful = found.settings.length > 0 && isCutShort(found.settings.at(-1)!.name);
  }
  return { ok: true, addresses, settings, tlsPort: 6380 };
}

type FoundAddress = Failed | {
  readonly ok: true;
  readonly address: Address;
  readonly settings: readonly ConnectionSetting[];
  /** The text is only a name or a path, as any word might be. */
  readonly isBare: boolean;
};

function hostOf(text: string): FoundAddress {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(text);
  const words = text.split(":");
  const [host, port] = bracketed?.slice(1) ?? (words.length > 2 ? [text] : words);
  if (host === undefined || !isHost(host, bracketed !== null)) return failed("is neither a host nor a setting");
  if (port === undefined) {
    return { ok: true, address: { host, port: null }, settings: [], isBare: !host.includes(":") };
  }
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (number < 1 || number > 65_535) return failed("has a port that is not a number from 1 to 65535");
  return { ok: true, address: { host, port: number }, settings: [], isBare: false };
}

/** `/path`, `!/path` as StackExchange.Redis writes it, or `unix://[user[:password]@]/path`, each with a query. */
function socketOf(text: string): FoundAddress {
  const [, scheme, userinfo, path = "", query] =
    /^(?:!|(unix:)(?:\/\/(?:(.*?)@(?=\/))?)?)?(\/(?!\/)[^?]*)(?:\?(.*))?/is.exec(text) ?? [];
  const decodedPath = scheme === undefined ? path : decoded(path);
  const settings = settingsOf(userinfo ?? "", query ?? "");
  if (decodedPath === null || !settings.ok) return failed(NOT_ENCODED);
  if (decodedPath.length < 2 || decodedPath.includes("\0")) return failed("is not the absolute path of a socket");
  return { ok: true, address: { path: decodedPath }, settings: settings.settings, isBare: true };
}

const NOT_ENCODED = "holds a % that begins no percent-encoding: write it as %25";
const AMBIGUOUS = "It can be read in more than one way: write @ as %40, ? as %3F and a comma as %2C";

function partsOfUrl(text: string, tls: boolean): Parts | Failed {
  const rest = text.slice(text.indexOf("://") + 3);
  // A password is often pasted in without encoding, and may hold any character; the last @ ends it.
  const at = rest.lastIndexOf("@");
  const userinfo = rest.slice(0, Math.max(at, 0));
  if (/[,?&]\s*\w+=/.test(userinfo)) return failed(AMBIGUOUS);
  const [, authority = "", path = "", query = ""] = /([^/?]*)(?:\/([^?]*))?(?:\?(.*))?/s.exec(rest.slice(at + 1)) ??
    [];
  if (authority.includes(",")) {
    return failed("A URL names one host and takes its settings after a ?: write several as host1:6379,host2:6379");
  }
  const host = hostOf(authority);
  if (!host.ok) return failed(authority === "" ? "It names no host" : `The part for its host ${host.why}`);
  if (!/^\d{0,10}$/.test(path)) return failed("The part after the host must be the number of a database");
  const settings = settingsOf(userinfo, query);
  if (!settings.ok) return failed(`It ${settings.why}`);
  const more = [...(tls ? [setting("ssl", "true")] : []), ...(path === "" ? [] : [setting("defaultDatabase", path)])];
  return { ok: true, addresses: [host.address], settings: [...settings.settings, ...more], tlsPort: 6379 };
}

function setting(name: string, value: string): ConnectionSetting {
  return { name, value, isDoubtful: false };
}

/** The settings in a URL's `user:password` and `key=value&key=value`, percent-decoded. */
function settingsOf(userinfo: string, query: string): Failed | { ok: true; settings: ConnectionSetting[] } {
  const colon = userinfo.indexOf(":");
  const pairs = [
    ["user", colon < 0 ? userinfo : userinfo.slice(0, colon)],
    ["password", colon < 0 ? "" : userinfo.slice(colon + 1)],
  ].filter(([, value]) => value !== "");
  for (const pair of query.split("&").filter((pair) => pair !== "")) {
    const equals = pair.indexOf("=");
    pairs.push(equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)]);
  }
  const settings: ConnectionSetting[] = [];
  for (const [name, value] of pairs) {
    const text = decoded(value!);
    if (text === null) return failed(NOT_ENCODED);
    const before = settings.at(-1);
    settings.push({ name: name!, value: text, isDoubtful: before !== undefined && isCutShort(before.name) });
  }
  return { ok: true, settings };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function planOf({ addresses, settings, tlsPort }: Parts): ParsedConnectionString {
  const taken = takeSettings(settings);
  if (!taken.ok) return taken;
  const { warnings } = taken;
  const { serviceName, abortConnect, ...kept } = taken.settings;
  if (abortConnect) {
    const why = "Without Redis an instance works by itself and keeps on trying to reach it";
    warnings.push(warningDiagnostic("cluster/no-effect", "abortConnect=true has no effect", { why }));
  }
  if (kept.tlsHost !== null && !kept.tls) {
    const suggestion = "Write ssl=true beside it";
    warnings.push(warningDiagnostic("cluster/no-effect", "The key sslHost has no effect without TLS", { suggestion }));
  }
  const port = serviceName !== null ? 26_379 : kept.tls ? tlsPort : 6379;
  const servers = serversOf(addresses, port, serviceName);
  if ("why" in servers) return servers;
  if (kept.tls && servers.kind === "single" && "path" in servers.endpoint) {
    return failed("Redis speaks no TLS on a unix socket: leave ssl=true out");
  }
  return { ok: true, plan: { ...servers, ...kept }, warnings };
}

function serversOf(addresses: readonly Address[], port: number, serviceName: string | null): RedisServers | Failed {
  const [first] = addresses;
  if (first === undefined) return failed("It names no host: write host:6379 first");
  const endpoints = new Map<string, TcpEndpoint>();
  for (const address of addresses) {
    if ("path" in address) {
      if (addresses.length === 1 && serviceName === null) return { kind: "single", endpoint: address };
      return failed("A unix socket must be the only address, without other hosts and without serviceName");
    }
    const endpoint = { host: address.host, port: address.port ?? port };
    const key = `${endpoint.host.toLowerCase()} ${endpoint.port}`;
    if (!endpoints.has(key)) endpoints.set(key, endpoint);
  }
  if (endpoints.size > MAX_HOSTS) return failed(`It names more than ${MAX_HOSTS} hosts`);
  const all = [...endpoints.values()];
  if (serviceName !== null) return { kind: "sentinel", serviceName, endpoints: all };
  return all.length === 1 ? { kind: "single", endpoint: all[0]! } : { kind: "several", endpoints: all };
}
