// The keys of a Redis connection string: those that StackExchange.Redis knows, those that count here, and the form of
// each value. A message about a key never quotes its value, nor its name if that may be a part of a password.
import { isIPv6 } from "node:net";
import { type Diagnostic, warningDiagnostic } from "../../diagnostic/diagnostic.ts";
import { nearest } from "../../diagnostic/suggest.ts";

const MAX_CONNECT_TIMEOUT_MILLISECONDS = 600_000;

/** If there are more unknown keys, the first ones already show the mistake. */
const MAX_UNKNOWN_KEYS = 10;

/** A key and its value, decoded. */
export interface ConnectionSetting {
  readonly name: string;
  readonly value: string;
  /** The setting may be the rest of a password that was cut short, so not even its name may be quoted. */
  readonly isDoubtful: boolean;
}

/** The settings of a connection string, without those of the servers. */
export interface RedisSettings {
  /** The ACL user; null: the default one. */
  readonly user: string | null;
  /** For Redis, and for a Sentinel that asks for one, as StackExchange.Redis does. Null: none. */
  readonly password: string | null;
  /** Default: 0. */
  readonly database: number;
  readonly tls: boolean;
  /** The name that the server's certificate must bear; null: the endpoint's host. */
  readonly tlsHost: string | null;
  /** The name of the connections in the lists of Redis (CLIENT SETNAME); null: none. */
  readonly clientName: string | null;
  /** Null: not given. */
  readonly connectTimeoutMilliseconds: number | null;
}

/** The settings of a connection string, with those of the servers. */
export interface AllSettings extends RedisSettings {
  /** The Sentinels' name for the primary; null: the hosts are no Sentinels. */
  readonly serviceName: string | null;
  /** Whether a start without Redis must fail, as in StackExchange.Redis. */
  readonly abortConnect: boolean;
}

type Draft = { -readonly [Name in keyof AllSettings]: AllSettings[Name] };

/**
 * A key as StackExchange.Redis spells it. `take` puts a value into the draft, or returns the form that it must have.
 */
interface Key {
  readonly name: string;
  readonly take: ((value: string, draft: Draft) => string | null) | null;
}

const READ_KEYS: readonly Key[] = [
  key("user", (value, draft) => {
    draft.user = value || null;
    return null;
  }),
  key("password", (value, draft) => {
    draft.password = value || null;
    return null;
  }),
  key("ssl", (value, draft) => takeBoolean(value, (tls) => draft.tls = tls)),
  key("sslHost", (value, draft) => {
    if (value !== "" && !isHost(value, false)) return "must be a host's name";
    draft.tlsHost = value || null;
    return null;
  }),
  key("serviceName", (value, draft) => {
    if (!/^[^\s\p{Cc}]{0,256}$/u.test(value)) return "must be a name without spaces";
    draft.serviceName = value || null;
    return null;
  }),
  // Redis accepts neither spaces nor special characters there (CLIENT SETNAME).
  key("name", (value, draft) => (draft.clientName = value.slice(0, 256).replace(/[^!-~]+/g, "-") || null, null)),
  key("defaultDatabase", takeDatabase),
  key("db", takeDatabase),
  key("connectTimeout", (value, draft) => {
    const milliseconds = wholeNumber(value);
    if (milliseconds === null || milliseconds < 1 || milliseconds > MAX_CONNECT_TIMEOUT_MILLISECONDS) {
      return `must be a whole number of milliseconds from 1 to ${MAX_CONNECT_TIMEOUT_MILLISECONDS}`;
    }
    draft.connectTimeoutMilliseconds = milliseconds;
    return null;
  }),
  key("abortConnect", (value, draft) => takeBoolean(value, (aborts) => draft.abortConnect = aborts)),
];

/** The other keys that StackExchange.Redis knows, outdated ones included. */
const OTHER_KEYS = ("allowAdmin asyncTimeout channelPrefix checkCertificateRevocation configChannel " +
  "configCheckSeconds connectRetry highIntegrity highPriorityThreads keepAlive preserveAsyncOrder protocol proxy " +
  "resolveDns responseTimeout setlib sslProtocols syncTimeout tiebreaker tunnel version writeBuffer").split(" ");

const KEYS: ReadonlyMap<string, Key> = new Map(
  [...READ_KEYS, ...OTHER_KEYS.map((name) => key(name, null))].map((one) => [one.name.toLowerCase(), one]),
);

/** Whether StackExchange.Redis or this program knows a key of that name, in any case. */
export function isKey(name: string): boolean {
  return KEYS.has(name.toLowerCase());
}

function key(name: string, take: Key["take"]): Key {
  return { name, take };
}

/** The words are those of StackExchange.Redis. */
function takeBoolean(value: string, take: (value: boolean) => void): string | null {
  const word = value.toLowerCase();
  const isTrue = ["true", "yes", "on", "1"].includes(word);
  if (!isTrue && !["false", "no", "off", "0"].includes(word)) return "must be true or false";
  take(isTrue);
  return null;
}

/** In StackExchange.Redis, -1 means the default database. */
function takeDatabase(value: string, draft: Draft): string | null {
  const database = value === "-1" ? 0 : wholeNumber(value);
  if (database === null || database > 2_147_483_647) return "must be the number of a database";
  draft.database = database;
  return null;
}

function wholeNumber(text: string): number | null {
  return /^\d{1,10}$/.test(text) ? Number(text) : null;
}

/** Whether a text is the name or address of a host; in brackets only an IPv6 address is one. */
export function isHost(host: string, isBracketed: boolean): boolean {
  return isIPv6(host) || (!isBracketed && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}$/.test(host));
}

/** The settings, or the fault of one of them. */
export type TakenSettings =
  | { readonly ok: true; readonly settings: AllSettings; readonly warnings: Diagnostic[] }
  | { readonly ok: false; readonly why: string };

/**
 * Reads the settings; a later one overrides an earlier one. A key without effect is a warning, a bad value an error.
 */
export function takeSettings(settings: readonly ConnectionSetting[]): TakenSettings {
  const draft: Draft = {
    user: null,
    password: null,
    database: 0,
    tls: false,
    tlsHost: null,
    clientName: null,
    connectTimeoutMilliseconds: null,
    serviceName: null,
    abortConnect: false,
  };
  const taken = new Set<string>();
  const repeated = new Set<string>();
  const ineffective = new Set<string>();
  const unknown: ConnectionSetting[] = [];
  let renames = false;
  for (const setting of settings) {
    const known = KEYS.get(setting.name.toLowerCase());
    if (setting.name.startsWith("$")) renames = true;
    else if (known === undefined) unknown.push(setting);
    else if (known.take === null) ineffective.add(known.name);
    else {
      const wrong = known.take(setting.value, draft);
      if (wrong !== null) return { ok: false, why: `${known.name} ${wrong}` };
      if (taken.has(known.name)) repeated.add(known.name);
      taken.add(known.name);
    }
  }
  const warnings = unknown.slice(0, MAX_UNKNOWN_KEYS).map(unknownKey);
  for (const name of repeated) {
    warnings.push(
      warningDiagnostic("cluster/duplicate-key", `The key ${name} is given twice: the last one counts`),
    );
  }
  warnings.push(...withoutEffect(ineffective, renames));
  return { ok: true, settings: draft, warnings };
}

function withoutEffect(ineffective: Set<string>, renames: boolean): Diagnostic[] {
  const warnings: Diagnostic[] = [];
  if (renames) {
    const why = "Commands are sent by their own names";
    warnings.push(warningDiagnostic("cluster/no-effect", "Renamed commands ($COMMAND=…) have no effect", { why }));
  }
  if (ineffective.delete("channelPrefix")) {
    const suggestion = "Set HighAvailability:ConfigurationChannel to the channel's name with its prefix";
    warnings.push(warningDiagnostic("cluster/no-effect", "The key channelPrefix has no effect", { suggestion }));
  }
  if (ineffective.size > 0) {
    warnings.push(warningDiagnostic("cluster/no-effect", `Keys without effect here: ${[...ineffective].join(", ")}`));
  }
  return warnings;
}

function unknownKey({ name, isDoubtful }: ConnectionSetting): Diagnostic {
  const isQuotable = !isDoubtful && /^[A-Za-z][\w.-]{0,39}$/.test(name);
  const near = nearest(name, [...KEYS.values()].map((one) => one.name));
  return warningDiagnostic(
    "cluster/unknown-key",
    isQuotable ? `Unknown key ${name}` : "A key is unknown",
    {
      why: isDoubtful ? "It follows a password or an unknown key, whose value ends at the first comma or &" : null,
      suggestion: near === null ? null : `Did you mean ${near}?`,
    },
  );
}
