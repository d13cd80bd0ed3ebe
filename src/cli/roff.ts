// Text for man(7): whatever is in it, it is shown as it stands, and no line of it is taken for a request.

/** Characters that roff reads as something else, or shows as another one (groff_char(7)). */
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
  '"': "\\(dq",
};

/** Text that is typed or shown literally: a dash is the one of the keyboard. */
export function roffLiteral(text: string): string {
  return wide(text.replaceAll(/[\\\-'`^~"]/g, (one) => ESCAPES[one]!));
}

/** Prose, in which `backticks` are code and come out bold, and flags and paths stay as they are typed. */
export function roffProse(text: string): string {
  return text.split("`").map((part, index) => {
    if (index % 2 === 1) return `\\fB${roffLiteral(part)}\\fR`;
    const words = part.replaceAll("\\", "\\e").replaceAll(/\S+/g, (word) =>
      // A flag or path: its dashes are the keyboard's, and no place to break the line.
      /^\W*-|[/@=]/.test(word) ? word.replaceAll("-", "\\-") : word);
    return wide(words);
  }).join("");
}

/** A line of text: one that begins with a request's mark gets something without width in front of it. */
export function roffLine(escaped: string): string {
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

/** What is beyond ASCII by its number; controls become spaces. */
function wide(text: string): string {
  return text.toWellFormed().replaceAll(/\p{Cc}/gu, " ").replaceAll(
    /[^\x20-\x7e]/gu,
    (one) => `\\[u${one.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`,
  );
}
