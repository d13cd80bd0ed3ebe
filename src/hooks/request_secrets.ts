// What of a request its answer must not show: all that is sent as a credential, in each spelling in which a server may
// say it again. What might be one counts as one; of headers in the options only what its name or its looks give away.
import { Buffer } from "node:buffer";
import type { Proxy } from "../host/proxy.ts";
import { isSecretName, looksSecret, textMasker } from "../diagnostic/secrets.ts";

/** A value of a query or a secret header that is longer than this is taken for a token. */
const MAX_WORD_LENGTH = 15;

/** The same of a path's segment, which is a token only with letters and digits: `T0123/B0123/XXXX…` of a web hook. */
const MAX_SEGMENT_LENGTH = 20;

/** The shortest text that is masked; see {@linkcode textMasker}. */
const MIN_SECRET_LENGTH = 4;

/** What names a secret in a request beside the names that do so everywhere. */
const SECRET_WORDS = new Set("auth authentication key keys sig code hmac otp pin pw session sid".split(" "));

/**
 * The texts that are secret in a request.
 *
 * @param url with its userinfo.
 * @param headers as they are sent, with what became of the userinfo.
 * @param fromFiles the names of the headers whose values were kept in files, in any case: these are secrets whatever
 * they look like.
 * @param proxy with its own userinfo; null: none.
 */
export function requestSecrets(
  url: URL,
  headers: Headers,
  fromFiles: readonly string[],
  proxy: Proxy | null = null,
): string[] {
  const files = new Set(fromFiles.map((name) => name.toLowerCase()));
  const isSecret = (name: string, value: string) => files.has(name) || isCredentialName(name) || looksSecret(value);
  const secrets = [
    ...[...headers].flatMap(([name, value]) => isSecret(name, value) ? headerSecrets(value) : []),
    ...[url, ...proxy === null ? [] : [new URL(proxy.url)]].flatMap(({ username, password }) =>
      userinfoSecrets(username, password)
    ),
    ...url.search.slice(1).split("&").flatMap(memberSecrets),
    ...url.pathname.split("/").filter(isSecretSegment),
  ];
  return [...new Set(secrets.flatMap(spellings))].filter((secret) => secret.length >= MIN_SECRET_LENGTH);
}

/**
 * The mask of an answer for the secrets of its request.
 *
 * @param isWhole whether nothing more was to come; where more was, what could be the beginning of a secret is masked too.
 */
export function answerMask(secrets: readonly string[], isWhole: boolean): (text: string) => string {
  const mask = textMasker(secrets);
  return isWhole ? mask : (text) => mask(text + restOfSecret(text, secrets));
}

/** What is missing of the secret that the end of a text is the longest beginning of. */
function restOfSecret(text: string, secrets: readonly string[]): string {
  let known = MIN_SECRET_LENGTH - 1;
  let rest = "";
  for (const secret of secrets) {
    for (let length = Math.min(secret.length - 1, text.length); length > known; length--) {
      if (!text.endsWith(secret.slice(0, length))) continue;
      known = length;
      rest = secret.slice(length);
    }
  }
  return rest;
}

function isCredentialName(name: string): boolean {
  if (isSecretName(name)) return true;
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase().split(/[^a-z0-9]+/);
  return words.some((word) => SECRET_WORDS.has(word));
}

/** RFC 9110, section 11.4: a scheme, and a token or parameters; a cookie's parameters look alike (RFC 6265, 4.2.1). */
function headerSecrets(value: string): string[] {
  const [, scheme = "", credentials = ""] = /^([^\s=]+)[ \t]+(.+)$/.exec(value) ?? [];
  const parameters = value.split(/[\s,;]+/).filter((part) => part.includes("=")).map((part) =>
    part.replaceAll('"', "")
  );
  return [value, credentials, ...parameters.flatMap(memberSecrets), ...basicSecrets(scheme, credentials)];
}

/** RFC 7617: a user, a colon and a password, in base64. */
function basicSecrets(scheme: string, credentials: string): string[] {
  if (scheme.toLowerCase() !== "basic") return [];
  const text = Buffer.from(credentials, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? [text] : userinfoSecrets(text.slice(0, colon), text.slice(colon + 1));
}

/** A user's name is none beside a password, unless it looks like one; alone it is a token. */
function userinfoSecrets(user: string, password: string): string[] {
  if (password === "") return [user];
  const together = [`${user}:${password}`, `${percentDecoded(user)}:${percentDecoded(password)}`, password];
  return user.length > MAX_WORD_LENGTH || looksSecret(user) ? [...together, user] : together;
}

/** The value of `name=value`, or all of what has no name, where it is a secret. */
function memberSecrets(member: string): string[] {
  const equals = member.indexOf("=");
  const name = percentDecoded(member.slice(0, Math.max(0, equals)));
  const value = member.slice(equals + 1);
  const decoded = percentDecoded(value);
  const isSecret = decoded.length > MAX_WORD_LENGTH || isCredentialName(name) || looksSecret(decoded) ||
    looksSecret(`${name}=${decoded}`);
  return isSecret ? [value] : [];
}

function isSecretSegment(segment: string): boolean {
  const text = percentDecoded(segment);
  return looksSecret(text) || (text.length > MAX_SEGMENT_LENGTH && /\p{L}/u.test(text) && /\p{N}/u.test(text));
}

/** As it was sent, as a server decodes it, in a form too, and as it encodes it again. */
function spellings(secret: string): string[] {
  const decoded = [secret, percentDecoded(secret), percentDecoded(secret.replaceAll("+", " "))];
  return [...decoded, ...decoded.map(encodeURIComponent)];
}

/** A percent sign that begins no escape stands for itself. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
