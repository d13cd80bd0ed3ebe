// The parts of a secret that are secret without the rest: the password of a URL or a connection string, the token of a
// header, a line of a key. A text that might be one counts as one, in each way in which it may end.
import { Buffer } from "node:buffer";
import { isCredentialName, isSecretName, looksSecret } from "./secrets.ts";

/** No longer part of a secret is looked for, nor one further behind: as much as a line of output shows. */
const MAX_PART_LENGTH = 4_096;
const MAX_SEARCHED_LENGTH = 16 * MAX_PART_LENGTH;

/** As many as a file of keys has lines; a text with more was taken for a secret only to be safe. */
const MAX_PARTS = 1_024;

/** A word of letters and digits that is at least so long is taken for a token, and a longer one of anything. */
const MIN_TOKEN_LENGTH = 8;
const MAX_WORD_LENGTH = 15;

/** Values of switches (`?auth=true`) that no password is: masked by themselves, they would make a log useless. */
const ORDINARY_WORD = /^(?:\p{L}{0,3}|true|false|none|null)$/iu;

/** A shorter line of a secret with several lines may be anything: a brace, a word. */
const MIN_LINE_LENGTH = 8;

/**
 * Returns the parts, as they are written and without their quotes; the secret itself is none of them. A value that is an
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

/** The secrets of a user and a password, as both are written: a user's name is none, unless it looks like a token. */
export function userinfoSecrets(user: string, password: string): string[] {
  const secrets = password === "" ? [] : [`${user}:${password}`, `${decoded(user)}:${decoded(password)}`, password];
  return isToken(user) ? [...secrets, user] : secrets;
}

/** Undoes percent-encoding; a percent sign that begins no escape is kept. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A key in PEM is read line by line, and its line breaks may be others. */
function lineParts(text: string): string[] {
  if (!/[\r\n]/.test(text)) return [];
  const lines = text.split(/[\r\n]/).map((line) => line.trim());
  return [
    text.replace(/\r\n?/g, "\n").trimEnd(),
    ...lines.filter((line) => line.length >= MIN_LINE_LENGTH && !line.startsWith("-----")),
  ];
}

/** The words, and the URLs of a list as words of their own. */
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

/** `user/password@service` as Oracle spells it, `user:password@tcp(host)` as drivers of MySQL do. */
function loginSecrets(word: string): string[] {
  const login = word.replace(/^(?:jdbc:)?oracle:(?:thin|oci8?):/i, "");
  if (login.includes("://") || !looksSecret(login)) return [];
  const head = login.slice(0, login.lastIndexOf("@"));
  const separator = head.search(/[/:]/);
  return separator <= 0 ? [] : [head, head.slice(separator + 1).replace(/^"(.*)"$/, "$1")];
}

/** The values of `name=value` and `name: value` with a secret's name, whatever separates and quotes them. */
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
  // `Shared Access Key`, `Connection String`; before other names with a space is the value of another member.
  return /^(?:key|string|signature)s?$/i.test(name.at(-1)!) ? name.slice(-3).join(" ") : name.at(-1)!;
}

/** A word such as `key` is a secret's name only by itself: `partition_key` names no secret. */
function isSecretMember(name: string): boolean {
  return isSecretName(name) || (!/[^a-z]/i.test(name) && isCredentialName(name.toLowerCase()));
}

/** The separators behind a value without quotes: each syntax has one of them, and allows the others in a value. */
const SEPARATORS = [";", ",", "&", ")", "#", " ", "\n"];

function valuesAt(rest: string): string[] {
  const text = rest.trimStart();
  const quoted = quotedValues(text);
  if (quoted.length > 0) return quoted;
  const ends = SEPARATORS.map((separator) => text.indexOf(separator)).filter((end) => end >= 0);
  return (ends.length === 0 ? [text.length] : ends).map((end) => text.slice(0, end).trim());
}

/** The value in each syntax that it may be in, with and without the characters that quoting adds. */
function quotedValues(text: string): string[] {
  // ADO.NET doubles quotes, ODBC braces; libpq and JSON escape them.
  const doubled = /^(["'])((?:\1\1|(?!\1).)*)/s.exec(text) ?? /^()\{((?:\}\}|[^}])*)/.exec(text);
  const escaped = /^(["'])((?:\\.|(?!\1)[^\\])*)/s.exec(text);
  // In a text of JSON that is itself a string of JSON.
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

/** Undoes all that JSON escapes; "" for what is no text of JSON. */
function jsonText(value: string): string {
  try {
    return JSON.parse(`"${value}"`);
  } catch {
    return "";
  }
}

/** RFC 9110, section 11.4: a scheme and a token; that of Basic is a user and a password in base64 (RFC 7617). */
function schemeSecrets(text: string): string[] {
  return [...text.matchAll(/(?<![\w-])(?:basic|bearer|token|apikey)[ \t]{1,8}([^\s,;"']{4,})/gi)]
    .flatMap(([, token = ""]) => [token, ...decodedSecrets(token)]);
}

/** The readable text behind base64, and the password in it. */
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
