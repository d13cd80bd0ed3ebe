// What of a request its answer must not show: all that is sent as a credential, in each spelling in which a server may
// say it again. What might be one counts as one; of headers in the options only what its name or its looks give away.
import type { Proxy } from "../host/proxy.ts";
import { decoded, userinfoSecrets } from "../diagnostic/secret_parts.ts";
import { isCredentialName, looksSecret } from "../diagnostic/secrets.ts";
import { MIN_SECRET_LENGTH, secretSpellings, spellingMasker } from "../diagnostic/text_masker.ts";

/** A value of a query or a secret header that is longer than this is taken for a token. */
const MAX_WORD_LENGTH = 15;

/** The same of a path's segment, which is a token only with letters and digits: `T0123/B0123/XXXX…` of a web hook. */
const MAX_SEGMENT_LENGTH = 20;

/**
 * The texts that are secret in a request, each in all its spellings.
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
): ReadonlySet<string> {
  const files = new Set(fromFiles.map((name) => name.toLowerCase()));
  const isSecret = (name: string, value: string) => files.has(name) || isCredentialName(name) || looksSecret(value);
  const secrets = [
    ...[...headers].flatMap(([name, value]) => isSecret(name, value) ? headerSecrets(value) : []),
    ...[url, ...proxy === null ? [] : [new URL(proxy.url)]].flatMap(({ username, password }) =>
      // In a request a user without a password is a token, whatever it looks like.
      password === "" ? [username] : userinfoSecrets(username, password)
    ),
    ...url.search.slice(1).split("&").flatMap(memberSecrets),
    ...url.pathname.split("/").filter(isSecretSegment),
  ];
  return secretSpellings(secrets);
}

/**
 * The mask of an answer for the secrets of its request.
 *
 * @param isWhole whether nothing more was to come; where more was, what could be the beginning of a secret is masked too.
 */
export function answerMask(secrets: ReadonlySet<string>, isWhole: boolean): (text: string) => string {
  const mask = spellingMasker(secrets);
  return isWhole ? mask : (text) => mask(text + restOfSecret(text, secrets));
}

/** What is missing of the secret that the end of a text is the longest beginning of. */
function restOfSecret(text: string, secrets: ReadonlySet<string>): string {
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

/** RFC 9110, section 11.4: a scheme, and a token or parameters; a cookie's parameters look alike (RFC 6265, 4.2.1). */
function headerSecrets(value: string): string[] {
  const [, credentials = ""] = /^[^\s=]+[ \t]+(.+)$/.exec(value) ?? [];
  const parameters = value.split(/[\s,;]+/).filter((part) => part.includes("=")).map((part) =>
    part.replaceAll('"', "")
  );
  return [value, credentials, ...parameters.flatMap(memberSecrets)];
}

/** The value of `name=value`, or all of what has no name, where it is a secret. */
function memberSecrets(member: string): string[] {
  const equals = member.indexOf("=");
  const name = decoded(member.slice(0, Math.max(0, equals)));
  const value = member.slice(equals + 1);
  const read = decoded(value);
  const isSecret = read.length > MAX_WORD_LENGTH || isCredentialName(name) || looksSecret(read) ||
    looksSecret(`${name}=${read}`);
  return isSecret ? [value] : [];
}

function isSecretSegment(segment: string): boolean {
  const text = decoded(segment);
  return looksSecret(text) || (text.length > MAX_SEGMENT_LENGTH && /\p{L}/u.test(text) && /\p{N}/u.test(text));
}
