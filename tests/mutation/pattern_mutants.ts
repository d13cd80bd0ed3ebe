// Wrong forms of a regular expression: an anchor, a look around, a flag or a bound less, a class turned into its opposite.

/** The texts of patterns that match something else, each of them a valid literal. */
export function patternMutants(literal: string): string[] {
  const close = literal.lastIndexOf("/");
  const body = literal.slice(1, close);
  const flags = literal.slice(close + 1);
  const bodies = piecesOf(body).flatMap((piece, index, pieces) => {
    const around = (text: string) => pieces.slice(0, index).join("") + text + pieces.slice(index + 1).join("");
    return wrongFormsOf(piece).map(around);
  });
  // `d` adds indices to a match and does not change the matches.
  const lessFlags = [...flags].filter((flag) => flag !== "d").map((flag) => `/${body}/${flags.replace(flag, "")}`);
  return [...bodies.map((text) => `/${text}/${flags}`), ...lessFlags].filter(isPattern);
}

/** A pattern in pieces: an escape, a class, the opening of a look around, a quantifier, or one character. */
const PIECE = /\\u\{[^}]*\}|\\[pP]\{[^}]*\}|\\.|\[(?:\\.|[^\]\\])*\]|\(\?(?:<?[=!])|\{\d+(?:,\d*)?\}|./gsu;

function piecesOf(body: string): string[] {
  return body.match(PIECE) ?? [];
}

function wrongFormsOf(piece: string): string[] {
  if (piece === "^" || piece === "$" || piece === "\\b") return [""];
  if (piece === "+") return ["*", ""];
  if (piece === "*") return ["+"];
  if (piece === "?") return [""];
  if (piece.startsWith("[^")) return [`[${piece.slice(2)}`];
  if (piece.startsWith("[")) return [`[^${piece.slice(1)}`];
  if (/^\\[dDwWsS]$/.test(piece)) return [swappedCase(piece)];
  if (/^\(\?<?=$/.test(piece)) return [piece.replace("=", "!")];
  if (/^\(\?<?!$/.test(piece)) return [piece.replace("!", "=")];
  const bounds = /^\{(\d+)(,?)(\d*)\}$/.exec(piece);
  if (bounds === null) return [];
  const [, least, comma, most] = bounds;
  const lower = `{${Number(least) + 1}${comma}${most}}`;
  return most === "" ? [lower] : [lower, `{${least},${Number(most) + 1}}`];
}

function swappedCase(text: string): string {
  return text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase();
}

function isPattern(literal: string): boolean {
  const close = literal.lastIndexOf("/");
  try {
    new RegExp(literal.slice(1, close), literal.slice(close + 1));
    // `//` would be a comment, and `/*` the beginning of one.
    return close > 1 && literal[1] !== "*";
  } catch {
    return false;
  }
}
