// Finds the secrets of a request that its answer must not show: every credential that is sent, in each spelling in
// which a server may repeat it. A possible credential counts as one; a header of the options only if its name or form
// shows it.
import type { Proxy } from "../host/proxy.ts";
import { decoded, userinfoSecrets } from "../diagnostic/secret_parts.ts";
import { isCredentialName, looksSecret } from "../diagnostic/secrets.ts";
import { MIN_SECRET_LENGTH, secretSpellings, spellingMasker } from "../diagnostic/text_masker.ts";

/** A longer value of a query or a secret header counts as a token. */
const MAX_WORD_LENGTH = 15;

/** A longer segment of a path counts as a token if it has letters and digits: `T0123/B0123/XXXX…` of a web hook. */
const MAX_SEGMENT_LENGTH = 20;

/**
 * Returns the texts that are secret in a request, each in all its spellings.
 *
 * @param url with its userinfo.
 * @param headers as they are sent, with the header made of the userinfo.
 * @param fromFiles the names, in any case, of the headers with values from files: these are always secrets.
 * @param proxy with its own userinfo; null: none.
 */
export function requestSecrets(
  url: URL,
  headers: Headers,
  fromFiles: readonly string[],
  proxy: Proxy | null,
): ReadonlySet<string> {
  const files = new Set(fromFiles.map((name) => name.toLowerCase()));
  const isSecret = (name: string, value: string) => files.has(name) || isCredentialName(name) || looksSecret(value);
  const secrets = [
    ...[...headers].flatMap(([name, value]) => isSecret(name, value) ? headerSecrets(value) : []),
    ...[url, ...proxy === null ? [] : [new URL(proxy.url)]].flatMap(({ username, password }) =>
      // In a request a user without a password is always a token.
      password === "" ? [username] : userinfoSecrets(username, password)
    ),
    ...url.search.slice(1).split("&").flatMap(memberSecrets),
    ...url.pathname.split("/").filter(isSecretSegment),
  ];
  return secretSpellings(secrets);
}

/**
 * Makes the mask of an answer for the secrets of its request.
 *
 * @param isWhole whether the answer was read to its end; if not, a possible beginning of a secret at its end is masked
 * too.
 */
export function answerMask(secrets: ReadonlySet<string>, isWhole: boolean): (text: string) => string {
  const mask = spellingMasker(secrets);
  return isWhole ? mask : (text) => mask(text + restOfSecret(text, secrets));
}

/**
 * Returns the rest of the secret whose beginning is at the end of the text, of several that with the longest beginning.
 */
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

/** The value of `name=value`, or the whole member if it has no name, if it is a secret. */
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
