// Finds the parts of a secret that are secret without the rest: the password of a URL or a connection string, the token
// of a header, a line of a key. A text that might be such a part counts as one, with each of its possible ends.
import { Buffer } from "node:buffer";
import { isCredentialName, isSecretName, looksSecret } from "./secrets.ts";

/** The longest part that is found, and the length of text that is searched; a line of output shows no more. */
const MAX_PART_LENGTH = 4_096;
const MAX_SEARCHED_LENGTH = 16 * MAX_PART_LENGTH;

/** As many as a file of keys has lines; a text with more counts as a secret only for safety. */
const MAX_PARTS = 1_024;

/** A word with letters and digits counts as a token from the first length on, any word above the second length. */
const MIN_TOKEN_LENGTH = 8;
const MAX_WORD_LENGTH = 15;

/**
 * Values of switches (`?auth=true`), which are no passwords: masked without their names, they would make a log useless.
 */
const ORDINARY_WORD = /^(?:\p{L}{0,3}|true|false|none|null)$/iu;

/** In a secret of several lines, a shorter line may be anything: a brace, a word. */
const MIN_LINE_LENGTH = 8;

/**
 * Returns the parts as they are written, without their quotes and without the secret itself. A value that is an
 * ordinary word is a part only together with its name.
 */
export function secretParts(secret: string): string[] {
  const text = secret.slice(0, MAX_SEARCHED_LENGTH);
  const parts = [
    ...lineParts(text),
    ...words(text).flatMap((word) => [...urlSecrets(word), ...loginSecrets(word)]),
    ...memberSecrets(text),
    ...schemeSecrets(text),
    ...decodedSecrets(text),
  ];
  return [...new Set(parts)].filter((part) => part !== secret && !ORDINARY_WORD.test(part)).slice(0, MAX_PARTS);
}

/** Returns the secrets of a written user and password: a user's name is none, unless it looks like a token. */
export function userinfoSecrets(user: string, password: string): string[] {
  const secrets = password === "" ? [] : [`${user}:${password}`, `${decoded(user)}:${decoded(password)}`, password];
  return isToken(user) ? [...secrets, user] : secrets;
}

/** Undoes percent-encoding; a text with a percent sign that begins no escape remains unchanged. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Readers show a key in PEM line by line, maybe with other line breaks. */
function lineParts(text: string): string[] {
  if (!/[\r\n]/.test(text)) return [];
  const lines = text.split(/[\r\n]/).map((line) => line.trim());
  return [
    text.replace(/\r\n?/g, "\n").trimEnd(),
    ...lines.filter((line) => line.length >= MIN_LINE_LENGTH && !line.startsWith("-----")),
  ];
}

/** The words that may hold userinfo; each URL of a list is a word. */
function words(text: string): string[] {
  return text.split(/\s|,(?=["']?[a-z][a-z0-9+.-]*:\/\/)/i).filter((word) => word.includes("@"));
}

/** Userinfo (RFC 3986, 3.2.1). A password may hold an unescaped `/` or `@`, so it ends at either of two places. */
function urlSecrets(word: string): string[] {
  const start = word.indexOf("//");
  if (start < 0) return [];
  const rest = word.slice(start + 2);
  const authority = rest.split(/[/?#]/)[0]!;
  return [authority.lastIndexOf("@"), rest.lastIndexOf("@")].filter((end) => end > 0).flatMap((end) => {
    const userinfo = rest.slice(0, end);
    const colon = userinfo.indexOf(":");
    if (colon < 0) return userinfo.includes("/") ? [] : userinfoSecrets(userinfo, "");
    return userinfoSecrets(userinfo.slice(0, colon), userinfo.slice(colon + 1));
  });
}

/** The secrets of Oracle's `user/password@service` and of `user:password@tcp(host)`, as drivers of MySQL write it. */
function loginSecrets(word: string): string[] {
  const login = word.replace(/^(?:jdbc:)?oracle:(?:thin|oci8?):/i, "");
  if (login.includes("://") || !looksSecret(login)) return [];
  const head = login.slice(0, login.lastIndexOf("@"));
  const separator = head.search(/[/:]/);
  return separator <= 0 ? [] : [head, head.slice(separator + 1).replace(/^"(.*)"$/, "$1")];
}

/** The values of `name=value` and `name: value` with a secret's name, with any separators and quotes. */
function memberSecrets(text: string): string[] {
  const found: string[] = [];
  for (const { 0: separator, index } of text.matchAll(/[=:]/g)) {
    const name = nameBefore(text, index);
    if (!isSecretMember(name)) continue;
    for (const value of valuesAt(text.slice(index + 1, index + MAX_PART_LENGTH))) {
      found.push(ORDINARY_WORD.test(value) ? name + separator + value : value);
    }
  }
  return found;
}

const NAME_DELIMITERS = new Set(";,&?#{}()[]\"'\r\n=:/@");

function nameBefore(text: string, end: number): string {
  const before = text.slice(Math.max(0, end - 64), end).trimEnd().replace(/\\?["']$/, "");
  let start = before.length;
  while (start > 0 && !NAME_DELIMITERS.has(before[start - 1]!)) start--;
  const name = before.slice(start).trim().split(/\s+/);
  // `Shared Access Key`, `Connection String`; the word before another name is the value of another member.
  return /^(?:key|string|signature)s?$/i.test(name.at(-1)!) ? name.slice(-3).join(" ") : name.at(-1)!;
}

/** A word such as `key` is a secret's name only without other words: `partition_key` names no secret. */
function isSecretMember(name: string): boolean {
  return isSecretName(name) || (!/[^a-z]/i.test(name) && isCredentialName(name.toLowerCase()));
}

/** The separators after a value without quotes: each syntax has one of them, and allows the others in a value. */
const SEPARATORS = [";", ",", "&", ")", "#", " ", "\n"];

function valuesAt(rest: string): string[] {
  const text = rest.trimStart();
  const quoted = quotedValues(text);
  if (quoted.length > 0) return quoted;
  const ends = SEPARATORS.map((separator) => text.indexOf(separator)).filter((end) => end >= 0);
  return (ends.length === 0 ? [text.length] : ends).map((end) => text.slice(0, end).trim());
}

/** The value in each possible syntax, with and without the characters that quoting adds. */
function quotedValues(text: string): string[] {
  // ADO.NET doubles quotes, ODBC braces; libpq and JSON escape them.
  const doubled = /^(["'])((?:\1\1|(?!\1).)*)/s.exec(text) ?? /^()\{((?:\}\}|[^}])*)/.exec(text);
  const escaped = /^(["'])((?:\\.|(?!\1)[^\\])*)/s.exec(text);
  // JSON within a string of JSON.
  const nested = /^\\(["'])(.*?)\\\1/.exec(text);
  const values: string[] = [];
  if (doubled !== null) {
    const [, quote = "", value = ""] = doubled;
    values.push(value, value.replaceAll(quote === "" ? "}}" : quote + quote, quote === "" ? "}" : quote));
  }
  if (escaped !== null) {
    const value = escaped[2]!;
    values.push(value, value.replace(/\\(.)/gs, "$1"), jsonText(value));
  }
  if (nested !== null) values.push(nested[2]!);
  return values;
}

/** Undoes the escapes of JSON; "": the value is no string of JSON. */
function jsonText(value: string): string {
  try {
    return JSON.parse(`"${value}"`);
  } catch {
    return "";
  }
}

/** A scheme and a token (RFC 9110, section 11.4); that of Basic is a user and a password in base64 (RFC 7617). */
function schemeSecrets(text: string): string[] {
  return [...text.matchAll(/(?<![\w-])(?:basic|bearer|token|apikey)[ \t]{1,8}([^\s,;"']{4,})/gi)]
    .flatMap(([, token = ""]) => [token, ...decodedSecrets(token)]);
}

/** The readable text that base64 encodes, or the password in it. */
function decodedSecrets(text: string): string[] {
  if (!/^[A-Za-z0-9+/_-]{8,}={0,2}\s*$/.test(text)) return [];
  const readable = Buffer.from(text, "base64").toString("utf8");
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u0008\u000e-\u001f\u007f\ufffd]/.test(readable)) return [];
  const [user = "", ...rest] = readable.split(":");
  const password = rest.join(":");
  // A token in the place of the user has no password.
  return password === "" ? [user] : userinfoSecrets(user, password);
}

function isToken(word: string): boolean {
  if (word.length > MAX_WORD_LENGTH || looksSecret(word)) return true;
  return word.length >= MIN_TOKEN_LENGTH && /\p{L}/u.test(word) && /\p{N}/u.test(word);
}
