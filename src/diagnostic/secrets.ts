// Recognises secrets and masks them. A name or a text that might be a secret's counts as one: masking too much costs a
// reader a look at the file, masking too little costs a credential. Every function is linear in the length of its
// input.

/** Replaces a secret in texts and in a printed configuration. */
export const MASK = "[masked]";

const SECRET_WORDS = new Set(
  ("password passwords passphrase passcode pwd pass passkey pw pswd pin pins otp totp secret secrets token tokens " +
    "credential credentials apikey apikeys authorization bearer jwt sas sig signature hmac dsn cookie " +
    "connectionstring connectionstrings connstr connstring").split(" "),
);
/** Words that make a `key` after them a secret; not `primary`, `partition`, `sort`, `public` and similar ones. */
const KEY_KINDS = new Set(
  ("api access account activation app auth client consumer deploy encryption hmac licence license master private " +
    "secret session shared signing ssh storage subscription").split(" "),
);
const JOINED_KEY = new RegExp(`(?:${[...KEY_KINDS].join("|")})keys?$`);
/** Words before an address that gives access to everybody that knows it. */
const ADDRESS_KINDS = /^(?:conn|connections?|webhook)$/;
const ADDRESS_WORDS = new Set(["str", "string", "strings", "url", "uri", "dsn"]);

/**
 * Whether a setting, variable or label of this name holds a secret. The words of the name decide, in camelCase,
 * snake_case or kebab-case: `redisConnection`, `API_KEY` and `max_token_count` do, `connection_timeout` and `keyboard`
 * do not.
 */
export function isSecretName(name: string): boolean {
  const words = wordsOf(name.slice(0, 256));
  if (words.some((word) => SECRET_WORDS.has(word) || SECRET_SYLLABLE.test(word) || JOINED_KEY.test(word))) return true;
  for (const [at, word] of words.entries()) {
    const before = words[at - 1] ?? "";
    if (/^keys?$/.test(word) && KEY_KINDS.has(before)) return true;
    if (ADDRESS_WORDS.has(word) && ADDRESS_KINDS.test(before)) return true;
  }
  return words.at(-1) === "connection";
}

const SECRET_SYLLABLE = /passw(?:or)?d|secret|credential/;

/** Words that name a secret only in a URL, a header or a connection string; elsewhere they may be harmless. */
const CREDENTIAL_WORDS = new Set("auth authentication key keys code session sid".split(" "));

/** Whether a member of this name holds a secret in a URL, a header or a connection string. */
export function isCredentialName(name: string): boolean {
  return isSecretName(name) || wordsOf(name.slice(0, 256)).some((word) => CREDENTIAL_WORDS.has(word));
}

function wordsOf(name: string): string[] {
  const split = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/([A-Z])([A-Z][a-z])/g, "$1 $2");
  const words = split.toLowerCase().split(/[^\p{L}\p{N}]/u);
  // `token2` is a token.
  return words.map((word) => word.replace(/\d+$/, "")).filter((word) => word !== "");
}

/** Each is linear: a repetition is bounded, or cannot begin inside another one. */
const SECRET_PATTERNS: readonly RegExp[] = [
  // Members of a connection string, query or header, as ADO.NET, libpq, StackExchange.Redis and Azure SAS spell them.
  /(?:passw(?:or)?d|passphrase|pwd|secret|token|credentials?|(?:api|access|account|licen[cs]e|private|shared)[ _-]?key|signature)["']?\s{0,8}[=:]\s{0,8}["']?[^\s"',;&]/i,
  /(?<![a-z])(?:user ?id|uid|user ?name|sig|pass|pin|pw)["']?\s{0,8}=\s{0,8}["']?[^\s"',;&]/i,
  /(?<![a-z])(?:bearer|basic) {1,4}[\w.~+/-]{12}/i,
  /-----BEGIN /,
  // Oracle's EZConnect (`user/password@//host:1521/service`) and TNS name; not a version or a digest.
  /^["']?(?:(?:jdbc:)?oracle:(?:thin|oci8?):)?[\w$#.-]{1,128}\/(?:"[^\s"]{1,128}"|[^\s/@]{1,128})@(?!v?\d+(?:\.\d+){0,2}(?:[-+].*)?$|sha\d+:)(?:\/\/)?[\w([][^\s]*$/i,
  // The same with a colon, as drivers of MySQL write it (`user:password@tcp(host)/db`); not an address of a person.
  /^["']?(?!(?:mailto|sips?|xmpp|acct|tel|urn|data|im|pres):)[\w.%+-]{1,128}:[^\s@/]{1,128}@[\w([][^\s]*$/i,
  /^["']?\/\/[^\s/:@]{0,128}:[^\s@]{1,128}@/,
  // Keys with a prefix of their issuers: AWS, GitHub, GitLab, Slack, Stripe, Google.
  /(?<![A-Z0-9])(?:AKIA|ASIA|AROA|AIDA|AGPA|ANPA)[A-Z0-9]{12}/,
  /gh[pousr]_[A-Za-z0-9]{20}|github_pat_|glpat-|xox[abeprs]-|[rs]k_live_|AIza[\w-]{35}/,
  // A JSON Web Token (RFC 7519): the base64url of `{"` and a second part.
  /(?<![\w-])eyJ[\w-]{4,}\.[\w-]{4}/,
];

/**
 * Whether a text holds a credential, by its form and not by the name of its setting: a connection string with a
 * password or a user, a URL with userinfo (RFC 3986, 3.2.1), a PEM block, a well-known kind of key, a JSON Web Token.
 */
export function looksSecret(text: string): boolean {
  return SECRET_PATTERNS.some((pattern) => pattern.test(text)) || hasUserinfo(text);
}

/** A password may hold an unescaped `/`, so userinfo ends at the last `@` of the word. */
function hasUserinfo(text: string): boolean {
  return text.split(/\s/).some((word) => {
    const from = word.indexOf("://");
    const at = word.lastIndexOf("@");
    if (from < 0 || at <= from + 3) return false;
    const userinfo = word.slice(from + 3, at);
    return userinfo.includes(":") || !userinfo.includes("/");
  });
}

/** The JSON value that masking returns: objects have no prototype, so that no member's name is special. */
export type MaskedJson =
  | null
  | boolean
  | number
  | string
  | readonly MaskedJson[]
  | { readonly [name: string]: MaskedJson };

/** How JSON is masked. */
export interface MaskOptions {
  /** Whether a text that is only `${env("NAME")}` is left readable: in a portable config it holds no value. */
  readonly keepReferences?: boolean;
}

/** A number with fewer digits is not masked elsewhere: there it may be a port, a size or a year. */
const MIN_SECRET_DIGITS = 6;

/** Returns the texts and long numbers that {@linkcode maskConfig} would mask, for masking them in other output. */
export function secretsIn(config: unknown): string[] {
  return openSecretSearch()(config);
}

/**
 * `secretsIn` for one configuration after another: an object under an id that is the same one as before is not searched
 * again. An object must not be changed after it was searched.
 */
export function openSecretSearch(): (config: unknown) => string[] {
  const searched = new WeakMap<object, ReadonlySet<string>>();
  const search = (value: unknown, path: readonly string[], isSecret: boolean, found: Set<string>): void => {
    if (typeof value === "string") {
      if (isSecret || looksSecret(value)) found.add(value);
    } else if (typeof value === "number") {
      if (isSecret && String(value).length >= MIN_SECRET_DIGITS) found.add(String(value));
    } else if (Array.isArray(value)) {
      for (const item of value) search(item, path, isSecret, found);
    } else if (typeof value === "object" && value !== null) {
      for (const [name, member] of Object.entries(value)) {
        const inside = [...path, name];
        if (isEntry(inside, member)) { for (const text of searchEntry(member, inside)) found.add(text); }
        else search(member, inside, isSecret || isSecretSetting(inside), found);
      }
    }
  };
  const searchEntry = (entry: object, path: readonly string[]): ReadonlySet<string> => {
    let found = searched.get(entry);
    if (found === undefined) {
      const texts = new Set<string>();
      search(entry, path, false, texts);
      searched.set(entry, found = texts);
    }
    return found;
  };
  return (config) => {
    const found = new Set<string>();
    search(config, [], false, found);
    return [...found];
  };
}

/** Whether a path leads to an object under an id that a user chose, which is no reason to hide its members. */
function isEntry(path: readonly string[], value: unknown): value is object {
  return path.length === 2 && isId(path) && typeof value === "object" && value !== null;
}

/**
 * Makes a deep copy of a configuration (in the snapshot's names) that is safe to print: strings and numbers under a
 * secret name and strings that look secret are `[masked]`. The ids of data sources, services, layers, caches, fields
 * and rules are not settings, so their names do not count. Members that are undefined are left out.
 */
export function maskConfig(config: unknown, options: MaskOptions = {}): MaskedJson {
  const { keepReferences = false } = options;
  const copy = (value: unknown, path: readonly string[], isSecret: boolean): MaskedJson => {
    if (Array.isArray(value)) return value.map((item) => copy(item, path, isSecret));
    if (typeof value === "object" && value !== null) {
      const members: { [name: string]: MaskedJson } = Object.create(null);
      for (const [name, member] of Object.entries(value)) {
        const inside = [...path, name];
        if (member !== undefined) {
          members[name] = copy(member, inside, isSecret || isSecretSetting(inside));
        }
      }
      return members;
    }
    if (typeof value === "string") return maskString(value, isSecret, keepReferences);
    if (typeof value === "number") return isSecret ? MASK : value;
    return typeof value === "boolean" ? value : null;
  };
  return copy(config, [], false);
}

function maskString(text: string, isSecret: boolean, keepReferences: boolean): string {
  if (keepReferences && /^\$\{env\("[\w.:-]{1,256}"\)\}$/.test(text)) return text;
  return text !== "" && (isSecret || looksSecret(text)) ? MASK : text;
}

/** Whether a path is that of a setting with a secret's name. */
function isSecretSetting(path: readonly string[]): boolean {
  return !isId(path) && isSecretName(path.at(-1)!);
}

const ID_COLLECTIONS = new Set(["dataSources", "services", "layers", "caches"]);

/** Whether the last name of a path is one that a user chose, such as `layers.roads` or a field's name. */
function isId(path: readonly string[]): boolean {
  const [first = "", , third] = path;
  if (path.length === 2) return ID_COLLECTIONS.has(first);
  if (path.length === 3) return first === "rateLimit" && path[1] === "rules";
  return path.length === 4 && first === "layers" && third === "fields";
}
