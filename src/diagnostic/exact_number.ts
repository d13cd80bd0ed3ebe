// Whether a number as written survives as a 64-bit floating point number, which is what a snapshot, its hash (RFC 8785)
// and its readers hold. Decimals are compared as digits with an exponent: no exponent, however large, costs anything.

/** A number that would become another one, in words that can be a diagnostic's. */
export interface InexactNumber {
  /** One line without a full stop. */
  readonly summary: string;
  /** The number that it would become, and why. */
  readonly why: string;
  /** What to do. */
  readonly suggestion: string;
}

const SUMMARY = "This number cannot be kept as it is written";
const REASON = "a snapshot and its readers hold numbers as 64-bit floating point (RFC 8785)";

/** A number that is longer is not quoted: nobody would read it. */
const MAX_QUOTED_LENGTH = 60;

/** Every number of at most so many digits, without an exponent, is its own shortest decimal (IEEE 754: 15). */
const MAX_SURE_LENGTH = 15;

/**
 * Whether a number (digits, maybe with a sign, a fraction and an exponent) has the same decimal value as the text that
 * its 64-bit floating point number gets in a snapshot: ECMAScript's shortest one, as RFC 8785 has it. `-0` is 0.
 */
export function isExactNumber(written: string): boolean {
  if (written.length <= MAX_SURE_LENGTH && !/[eE]/.test(written)) return true;
  // What is too large becomes Infinity, which no decimal spells.
  return spelling(written) === spelling(String(Number(written)));
}

/** The one spelling of a decimal number's value: its sign, its digits without zeros at either end, a power of ten. */
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

/** The words for a number that is not exact, without quoting it: it may be a secret. */
export function inexactNumber(): InexactNumber {
  return {
    summary: SUMMARY,
    why: `It would become another number: ${REASON}`,
    suggestion: "Write it as a string, in double quotes",
  };
}

/** The same, with the number and what it would become; null if it is too long to be quoted. */
export function quotedInexactNumber(written: string): InexactNumber | null {
  if (written.length > MAX_QUOTED_LENGTH) return null;
  const value = Number(written);
  const outcome = Number.isFinite(value) ? `It would become ${value}` : "It is larger than all that can be held";
  return { summary: SUMMARY, why: `${outcome}: ${REASON}`, suggestion: `Write it as a string: "${written}"` };
}
