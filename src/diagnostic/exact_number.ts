// Decides whether a written number keeps its value as a 64-bit floating point number, as a snapshot, its hash (RFC
// 8785) and its readers hold it. Decimals are compared as digits with an exponent, so a large exponent costs nothing.

/** The words of a diagnostic about a number that would become another one. */
export interface InexactNumber {
  readonly summary: string;
  /** The number that it would become, and the reason. */
  readonly why: string;
  readonly suggestion: string;
}

const SUMMARY = "This number cannot be kept as it is written";
const REASON = "a snapshot and its readers hold numbers as 64-bit floating point (RFC 8785)";

/** A longer number is not quoted: no user would read it. */
const MAX_QUOTED_LENGTH = 60;

/** Every number of at most this many digits and without an exponent is exact (IEEE 754: 15). */
const MAX_SURE_LENGTH = 15;

/**
 * Whether a number (digits, maybe with a sign, a fraction and an exponent) has the same decimal value as the text of
 * its 64-bit floating point number in a snapshot: ECMAScript's shortest one, as in RFC 8785. `-0` is 0.
 */
export function isExactNumber(written: string): boolean {
  if (written.length <= MAX_SURE_LENGTH && !/[eE]/.test(written)) return true;
  // A number that is too large becomes Infinity, which equals no decimal.
  return spelling(written) === spelling(String(Number(written)));
}

/** The normal form of a decimal number: its sign, its digits without zeros at either end, a power of ten. */
function spelling(written: string): string {
  const [mantissa = "", exponent = "0"] = written.toLowerCase().split("e");
  const sign = mantissa.startsWith("-") ? "-" : "";
  const [whole = "", fraction = ""] = mantissa.slice(sign.length).split(".");
  const digits = whole + fraction;
  let start = 0;
  while (digits[start] === "0") start++;
  if (start === digits.length) return "0";
  let end = digits.length;
  while (digits[end - 1] === "0") end--;
  return `${sign}${digits.slice(start, end)}e${Number(exponent) - fraction.length + digits.length - end}`;
}

/** Returns the words for a number that is not exact. They do not quote it: it may be a secret. */
export function inexactNumber(): InexactNumber {
  return {
    summary: SUMMARY,
    why: `It would become another number: ${REASON}`,
    suggestion: "Write it as a string, in double quotes",
  };
}

/** Returns the words with the number and the one that it would become; null: it is too long to be quoted. */
export function quotedInexactNumber(written: string): InexactNumber | null {
  if (written.length > MAX_QUOTED_LENGTH) return null;
  const value = Number(written);
  const outcome = Number.isFinite(value) ? `It would become ${value}` : "It is larger than all that can be held";
  return { summary: SUMMARY, why: `${outcome}: ${REASON}`, suggestion: `Write it as a string: "${written}"` };
}
