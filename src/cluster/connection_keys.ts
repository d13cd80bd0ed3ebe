// The keys of a Redis connection string: what StackExchange.Redis knows, what of it counts here, and how each value must
// be. What is said about a key never quotes its value, and not its name where that may be a part of a password.
import { isIPv6 } from "node:net";
import { type Diagnostic, warningDiagnostic } from "../diagnostic/diagnostic.ts";
import { nearest } from "../diagnostic/suggest.ts";

const MAX_CONNECT_TIMEOUT_MILLISECONDS = 600_000;

/** More unknown keys than this are a mistake that one sees from the first ones. */
const MAX_UNKNOWN_KEYS = 10;

/** A key and its value as they stand in a string, its encoding undone. */
export interface ConnectionSetting {
  /** In any case. */
  readonly name: string;
  /** Unchecked. */
  readonly value: string;
  /** It may be the rest of a password that was cut short, so not even its name may be quoted. */
  readonly isDoubtful: boolean;
}

/** What a connection string says beside the servers. */
export interface RedisSettings {
  /** The ACL user; null: the default one. */
  readonly user: string | null;
  /** Of Redis, and of Sentinel where it asks for one, as StackExchange.Redis does. Null: none. */
  readonly password: string | null;
  /** The database's number; default 0. */
  readonly database: number;
  /** Whether connections are made over TLS. */
  readonly tls: boolean;
  /** The name that the server's certificate must bear; null: the endpoint's host. */
  readonly tlsHost: string | null;
  /** What Redis lists the connections as; null: left to the notifier. */
  readonly clientName: string | null;
  /** Null: not said. */
  readonly connectTimeoutMilliseconds: number | null;
}

/** What the settings of a connection string say, those included that are about the servers. */
export interface SaidSettings extends RedisSettings {
  /** What the Sentinels call the primary that is wanted; null: the hosts are no Sentinels. */
  readonly serviceName: string | null;
  /** Whether a start without Redis shall fail, as StackExchange.Redis has it. */
  readonly abortConnect: boolean;
}

/** While the settings are read. */
type Draft = { -readonly [Name in keyof SaidSettings]: SaidSettings[Name] };

/** A key as StackExchange.Redis spells it. `take` puts a value into what is said, or says how it must be. */
interface Key {
  readonly name: string;
  readonly take: ((value: string, said: Draft) => string | null) | null;
}

const READ_KEYS: readonly Key[] = [
  key("user", (value, said) => {
    said.user = value || null;
    return null;
  }),
  key("password", (value, said) => {
    said.password = value || null;
    return null;
  }),
  key("ssl", (value, said) => takeBoolean(value, (tls) => said.tls = tls)),
  key("sslHost", (value, said) => {
    if (value !== "" && !isHost(value, false)) return "must be a host's name";
    said.tlsHost = value || null;
    return null;
  }),
  key("serviceName", (value, said) => {
    if (!/^[^\s\p{Cc}]{0,256}$/u.test(value)) return "must be a name without spaces";
    said.serviceName = value || null;
    return null;
  }),
  // Redis takes neither spaces nor special characters there (CLIENT SETNAME).
  key("name", (value, said) => (said.clientName = value.slice(0, 256).replace(/[^!-~]+/g, "-") || null, null)),
  key("defaultDatabase", takeDatabase),
  key("db", takeDatabase),
  key("connectTimeout", (value, said) => {
    const milliseconds = wholeNumber(value);
    if (milliseconds === null || milliseconds < 1 || milliseconds > MAX_CONNECT_TIMEOUT_MILLISECONDS) {
      return `must be a whole number of milliseconds from 1 to ${MAX_CONNECT_TIMEOUT_MILLISECONDS}`;
    }
    said.connectTimeoutMilliseconds = milliseconds;
    return null;
  }),
  key("abortConnect", (value, said) => takeBoolean(value, (aborts) => said.abortConnect = aborts)),
];

/** What else StackExchange.Redis knows, outdated ones included. */
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

/** As StackExchange.Redis reads them. */
function takeBoolean(value: string, take: (value: boolean) => void): string | null {
  const word = value.toLowerCase();
  const isTrue = ["true", "yes", "on", "1"].includes(word);
  if (!isTrue && !["false", "no", "off", "0"].includes(word)) return "must be true or false";
  take(isTrue);
  return null;
}

/** -1 is StackExchange.Redis's word for the default one. */
function takeDatabase(value: string, said: Draft): string | null {
  const database = value === "-1" ? 0 : wholeNumber(value);
  if (database === null || database > 2_147_483_647) return "must be the number of a database";
  said.database = database;
  return null;
}

function wholeNumber(text: string): number | null {
  return /^\d{1,10}$/.test(text) ? Number(text) : null;
}

/** Whether it is the name or address of a host; in brackets only an IPv6 address is one. */
export function isHost(host: string, isBracketed: boolean): boolean {
  return isIPv6(host) || (!isBracketed && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}$/.test(host));
}

/** What the settings say, or what is wrong with one of them. */
export type TakenSettings =
  | { readonly ok: true; readonly said: SaidSettings; readonly warnings: Diagnostic[] }
  | { readonly ok: false; readonly why: string };

/** Reads the settings, the later over the earlier. What has no effect is warned about, a value that cannot be used ends it. */
export function takeSettings(settings: readonly ConnectionSetting[]): TakenSettings {
  const said: Draft = {
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
  const twice = new Set<string>();
  const idle = new Set<string>();
  const unknown: ConnectionSetting[] = [];
  let renames = false;
  for (const setting of settings) {
    const known = KEYS.get(setting.name.toLowerCase());
    if (setting.name.startsWith("$")) renames = true;
    else if (known === undefined) unknown.push(setting);
    else if (known.take === null) idle.add(known.name);
    else {
      const wrong = known.take(setting.value, said);
      if (wrong !== null) return { ok: false, why: `${known.name} ${wrong}` };
      if (taken.has(known.name)) twice.add(known.name);
      taken.add(known.name);
    }
  }
  const warnings = unknown.slice(0, MAX_UNKNOWN_KEYS).map(unknownKey);
  for (const name of twice) {
    warnings.push(
      warningDiagnostic("cluster/duplicate-key", `The key ${name} stands there twice: the last one counts`),
    );
  }
  warnings.push(...withoutEffect(idle, renames));
  return { ok: true, said, warnings };
}

function withoutEffect(idle: Set<string>, renames: boolean): Diagnostic[] {
  const warnings: Diagnostic[] = [];
  if (renames) {
    const why = "Commands are sent by their own names";
    warnings.push(warningDiagnostic("cluster/no-effect", "Renamed commands ($COMMAND=…) have no effect", { why }));
  }
  if (idle.delete("channelPrefix")) {
    const suggestion = "Set HighAvailability:ConfigurationChannel to the channel's name with its prefix";
    warnings.push(warningDiagnostic("cluster/no-effect", "The key channelPrefix has no effect", { suggestion }));
  }
  if (idle.size > 0) {
    warnings.push(warningDiagnostic("cluster/no-effect", `Keys without effect here: ${[...idle].join(", ")}`));
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
