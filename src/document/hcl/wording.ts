// The wording of each complaint of HCL: HCL's summary names a kind of mistake, and the text at the place shows which of
// its usual causes it has. A wording quotes nothing of the source except the names of markers and code points.
/** A mistake in plain words. */
export interface Wording {
  /** One line without a full stop. */
  readonly summary: string;
  /** Left out if the summary says all. */
  readonly why?: string;
  readonly suggestion?: string;
}

/** The text around a complaint, as much as the choice of a wording needs. */
interface Here {
  /** From the place of the complaint on. */
  readonly ahead: string;
  /** The line before the place. */
  readonly before: string;
}

const MAX_UNITS = 1_000;

/** The wording for a summary of hashicorp/hcl/v2/hclsyntax at an offset of the source; an unknown one is unchanged. */
export function wordingOf(hclSummary: string, text: string, at: number): Wording {
  const before = text.slice(Math.max(0, at - MAX_UNITS, text.lastIndexOf("\n", at - 1) + 1), at);
  const here = { ahead: text.slice(at, at + MAX_UNITS), before };
  if (here.ahead.startsWith("/*") || (here.ahead.startsWith("*") && before.endsWith("/"))) return OPEN_COMMENT;
  if (isOfDirective(hclSummary)) return DIRECTIVE;
  const wording = Object.hasOwn(WORDINGS, hclSummary) ? WORDINGS[hclSummary]! : { summary: hclSummary };
  return typeof wording === "function" ? wording(here) : wording;
}

/** Whether a summary is about `%{…}` in a string, of which HCL has a dozen. */
export function isOfDirective(hclSummary: string): boolean {
  return /template (?:control|directive)| directive$| marker$|^Unexpected end of template/.test(hclSummary);
}

/** HCL has no complaint for it: it takes the two characters for operators. */
const OPEN_COMMENT: Wording = { summary: "A comment is never closed", suggestion: "Add the closing */" };

const DIRECTIVE: Wording = {
  summary: "%{ in a string begins a directive, and directives are not supported",
  suggestion: "Write %%{ for a literal %{",
};

const NEVER_CLOSED_STRING: Wording = { summary: "A string is never closed", suggestion: 'Add the closing "' };

/** For a string that does not end on its line, given the text before the line end. */
function openStringWording(quote: string, text: string): Wording {
  return {
    summary: "A string goes on over the end of its line",
    why: "It may, if a line end, a comma or a bracket follows its closing quote",
    suggestion: /[^\\]\\"\s*$/.test(text)
      ? 'Write \\\\ for a backslash at the end of the string: \\" is a quote inside it'
      : `Add the closing ${quote}, or write \\n for a line end`,
  };
}

/** Only the first pattern that matches counts. */
type Cases = readonly (readonly [pattern: RegExp, wording: Wording])[];

function firstOf(cases: Cases, text: string, otherwise: Wording): Wording {
  return cases.find(([pattern]) => pattern.test(text))?.[1] ?? otherwise;
}

/** For a heredoc whose first line is malformed. */
export const HEREDOC_START: Wording = {
  summary: "A heredoc begins with << and a marker that ends the line",
  suggestion: "Write <<EOF with nothing behind it, neither quotes nor spaces",
};

const CHARACTERS: Cases = [
  [/^'[^'\n]*%\{/, DIRECTIVE],
  [/^'/, { summary: "This single quote opens no string", suggestion: 'Put the whole text in double quotes: "…"' }],
  [/^[\u2018-\u201f\u00ab\u00bb\u2032\u2033]/, {
    summary: "A typographic quote is no quote to HCL",
    suggestion: 'Replace it with a straight one: "',
  }],
  [/^`/, {
    summary: "A string is in backticks",
    suggestion: "Put it in double quotes; a text of several lines is a heredoc, <<EOF",
  }],
  [/^;/, {
    summary: "A semicolon has no meaning here",
    suggestion: "Put each setting on its own line, and commas between the items of a list",
  }],
  [/^\\\r?\n/, {
    summary: "A backslash ends a line in a string",
    suggestion: "Remove it, or write \\\\ for a backslash",
  }],
  [/^\\/, {
    summary: "A backslash has no meaning outside a string",
    suggestion: 'Inside ${…} write quotes as they are: "${env("NAME")}"',
  }],
  [/^\r/, {
    summary: "A carriage return without a line feed is no line end",
    suggestion: "Save the file with LF or CRLF line ends",
  }],
  [/^[\u2010-\u2015\u2212]/, { summary: "A dash is no minus sign", suggestion: "Replace it with -" }],
];

function characterWording({ ahead, before }: Here): Wording {
  if (ahead.startsWith("'") && /<<-?$/.test(before)) return HEREDOC_START;
  if (/^'(?:[^'\\\n$%]|\\.)*(?:\n|$)/.test(ahead) && /[=[(,:?]\s*$/.test(before)) return openStringWording("'", ahead);
  if (/^[\p{Zs}\v\f]/u.test(ahead)) {
    return {
      summary: `There is a special space here (U+${codePointOf(ahead, 4)})`,
      suggestion: "Replace it with an ordinary space",
    };
  }
  if (/^(?![\r])[\p{C}\p{M}]/u.test(ahead)) {
    return {
      summary: `There is an invisible character here (U+${codePointOf(ahead, 4)})`,
      why: "It may come from a document that the text was pasted from",
      suggestion: "Remove it",
    };
  }
  return firstOf(CHARACTERS, ahead, {
    summary: "A character that has no meaning here",
    suggestion: "Put quotes around the text that it belongs to, or remove it",
  });
}

/** Of the first character of a text, in hexadecimal. */
function codePointOf(text: string, digits: number): string {
  return text.codePointAt(0)!.toString(16).toUpperCase().padStart(digits, "0");
}

const ESCAPES: Cases = [
  [/^\\u[dD][89a-fA-F]/, {
    summary: "A surrogate escape is half a character",
    why: "HCL's \\u names a whole character, and has no pairs",
    suggestion: "Write \\UXXXXXXXX with the eight digits of the character's code point, or the character itself",
  }],
  [/^\\U[0-9a-fA-F]{8}/, {
    summary: "An escape names a character beyond U+10FFFF",
    suggestion: "Write \\UXXXXXXXX with the code point of a character, or \\\\ for a backslash",
  }],
  [/^\\[uU]/, {
    summary: "The escape \\u needs four hexadecimal digits behind it, and \\U eight",
    suggestion: "Write \\\\ for a backslash, as in C:\\\\Users",
  }],
];

const SURROGATE_PAIR = /^\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})/;

function escapeWording({ ahead }: Here): Wording {
  const wording = firstOf(ESCAPES, ahead, {
    summary: "A backslash in a string begins an escape that does not exist",
    why: "HCL refuses it, and the server would drop the backslash",
    suggestion: 'Write \\\\ for a backslash; \\n, \\r, \\t, \\", \\uXXXX and \\UXXXXXXXX are the escapes there are',
  });
  const pair = SURROGATE_PAIR.exec(ahead);
  if (pair === null) return wording;
  const units = pair.slice(1).map((digits) => Number.parseInt(digits, 16));
  const codePoint = codePointOf(String.fromCharCode(...units), 8);
  return { ...wording, suggestion: `Write \\U${codePoint}, or the character itself` };
}

/** Whether the escape at an offset is the second half of a surrogate pair. */
export function isSecondHalf(text: string, at: number): boolean {
  return SURROGATE_PAIR.test(text.slice(Math.max(0, at - 6)));
}

const MISSING_EQUALS: Wording = {
  summary: "A setting needs a single = between its name and its value",
  suggestion: "Write name = value, or name { … } for a block",
};

const DIGIT_FIRST: Wording = {
  summary: "A name cannot begin with a digit",
  suggestion: "Begin it with a letter or _, or put it in double quotes",
};

const STATEMENTS: Cases = [
  [/^[\p{L}_][\p{L}\p{N}_-]*"?[ \t]*(?::|==|[+?:]=)/u, MISSING_EQUALS],
  [/^[\p{L}_][\p{L}\p{N}_-]*[ \t]*\r?\n[ \t]*[{"']/u, {
    summary: "A block needs its labels and its { on the line of its name",
    suggestion: "Put them behind the name",
  }],
  [/^\}/, { summary: "A } closes nothing", suggestion: "Remove it, or add the { that it belongs to" }],
  [/^\{/, {
    summary: "A block needs a name before its {",
    suggestion: "Write name { … } on one line; a file that holds JSON has to be called .json",
  }],
  [/^(?:<{7}|={7}|>{7}|\|{7})/, {
    summary: "A merge conflict is not resolved",
    suggestion: "Keep one of the two versions, and remove the lines of <, = and >",
  }],
  [/^(?:--|\/|<!--)/, { summary: "This begins no comment", suggestion: "Begin a comment with # or //" }],
  [/^[\p{L}_][\p{L}\p{N}_-]*[ \t]*\r?\n\s*=/u, {
    summary: "A setting needs its = on the line of its name",
    suggestion: "Write name = value on one line",
  }],
  [/^[0-9]/, DIGIT_FIRST],
];

const NUMBER_ENDS: Wording = {
  summary: "A number ends before this",
  suggestion: 'Put quotes around the whole value, as in "5m"',
};

function statementWording({ ahead, before }: Here): Wording {
  if (/[0-9]$/.test(before) && /^[\p{L}_]/u.test(ahead)) return NUMBER_ENDS;
  return firstOf(STATEMENTS, ahead, {
    summary: "Expected a setting or a block here",
    suggestion: "Write name = value, or name { … }",
  });
}

const VALUES: Cases = [
  [/^<</, HEREDOC_START],
  [/^\.[0-9]/, { summary: "A number needs a digit before its point", suggestion: "Write 0.5 for .5" }],
  [/^,/, { summary: "A value is missing before the comma", suggestion: "Remove the comma, or write the value" }],
];

const VALUE: Wording = {
  summary: "Expected a value here",
  suggestion: "Write a string in double quotes, a number, true, false, a list or a reference",
};

function valueWording({ ahead, before }: Here): Wording {
  const isMissing = /^(?:\r?\n|$|\}|#|\/\/)/.test(ahead);
  if (isMissing && /[-+*/%&|<>!?]\s*$/.test(before)) {
    return {
      summary: "A value is missing behind an operator",
      suggestion: 'Put quotes around the whole value if it is a text, as in "50%"',
    };
  }
  if (/\$\{\s*$/.test(before) && ahead.startsWith("}")) {
    return { summary: "An expression is missing in ${}", suggestion: "Write $${} for a literal ${}" };
  }
  if (!isMissing) return firstOf(VALUES, ahead, VALUE);
  return { ...VALUE, summary: "A value is missing here", why: "A value begins on the line of its name" };
}

function nameWording({ ahead, before }: Here): Wording {
  if (/(?:^|[\s{,])[0-9]+$/.test(before) && /^[\p{L}_]/u.test(ahead)) return DIGIT_FIRST;
  return { summary: "A name in an object has no value", suggestion: "Write name = value" };
}

const BLOCK: Wording = {
  summary: "A block needs its braces on the line of its name",
  why: "This is neither a setting (name = value) nor a block (name { … })",
  suggestion: "Put a { behind the name and labels, or a = between a name and its value",
};

const QUOTE_INSIDE: Wording = {
  summary: "A quote inside a string ended it",
  suggestion: 'Write \\" for a quote inside a string',
};

const BLOCKS: Cases = [
  [/=\s*"[^"\\]*"[\p{L}\p{N}]/u, QUOTE_INSIDE],
  [/[=.]\s*[0-9]+[\p{L}_][\p{L}\p{N}_-]*\s+[\p{L}_][\p{L}\p{N}_-]*\s*$/u, NUMBER_ENDS],
];

const NO_OPERATOR: Wording = {
  summary: "An operator has no meaning here",
  suggestion: "Put quotes around the whole value if it is a text",
};

const OPEN_PARENTHESIS: Wording = { summary: "A parenthesis is never closed", suggestion: "Add the )" };

const OPEN_BRACKET: Wording = { summary: "A bracket is never closed", suggestion: "Add the ]" };

const OPEN_LIST: Wording = { summary: "A list is never closed", suggestion: "Add the ] before this setting" };

/** By HCL's summary. A wording that depends on the text at the place is a function. */
const WORDINGS: Readonly<Record<string, Wording | ((here: Here) => Wording)>> = {
  "Argument or block definition required": statementWording,
  "Attribute redefined": {
    summary: "A setting is given twice in one block",
    why: "Only one of the two can be meant",
    suggestion: "Remove one of them",
  },
  "Invalid block definition": ({ before }) => firstOf(BLOCKS, before, BLOCK),
  "Invalid argument name": ({ before }) =>
    /[^\s{},]$/.test(before)
      ? { summary: "This quote opens nothing", suggestion: 'Put the whole value between two "' }
      : {
        summary: "The name of a setting cannot be written like this",
        suggestion: "Use letters, digits, _ and -, without an expression in it",
      },
  "Unclosed configuration block": {
    summary: "A block is never closed",
    why: "The source ends before the } of a block",
    suggestion: "Add the missing }",
  },
  "Missing newline after argument": {
    summary: "A value is followed by something that does not belong to it",
    suggestion: "Begin the next setting on a new line, or put quotes around the whole value",
  },
  "Missing newline after block definition": {
    summary: "The } of a block is followed by something on its line",
    suggestion: "Begin the next block on a new line",
  },
  "Invalid expression": valueWording,
  "Missing item separator": ({ ahead, before }) =>
    /[0-9]$/.test(before)
      ? NUMBER_ENDS
      : /^[\p{L}_][\p{L}\p{N}_-]*[ \t]*=(?!=)/u.test(ahead)
      ? OPEN_LIST
      : { summary: "A list needs a comma between its items", suggestion: "Add the comma" },
  "Missing attribute separator": {
    summary: "An object needs a comma or a line end between its settings",
    suggestion: "Add a comma or begin a new line",
  },
  "Missing attribute value": nameWording,
  "Missing key/value separator": nameWording,
  "Missing argument separator": {
    summary: "A call lacks its ) or a comma before this",
    suggestion: 'Write env("NAME") or env("NAME", "default")',
  },
  "Unterminated function call": OPEN_PARENTHESIS,
  "Missing closing parenthesis": OPEN_PARENTHESIS,
  "Unbalanced parentheses": OPEN_PARENTHESIS,
  "Missing close bracket on index": OPEN_BRACKET,
  "Missing close bracket on splat index": OPEN_BRACKET,
  "Missing false expression in conditional": {
    summary: "A conditional lacks the value for when its condition is false",
    suggestion: "Write CONDITION ? A : B",
  },
  "Invalid attribute name": ({ before }) =>
    /[0-9]\.\s*$/.test(before)
      ? { summary: "A number needs a digit behind its point", suggestion: "Write a digit behind it, as in 1.0" }
      : { summary: "A name is missing behind the point", suggestion: "Name the part: var.NAME, service.NAME" },
  "Invalid 'for' expression": {
    summary: "A for expression is not supported",
    suggestion: "Write the list or the object out; if for is the name of a setting, put it in double quotes",
  },
  "Unterminated template string": NEVER_CLOSED_STRING,
  "Invalid multi-line string": ({ before }) => openStringWording('"', before),
  "Invalid string literal": {
    summary: "A label or name cannot have an expression in it",
    suggestion: "Write the name itself, or $${ for a literal ${ and %%{ for a literal %{",
  },
  "Unterminated string literal": NEVER_CLOSED_STRING,
  "Invalid escape sequence": escapeWording,
  "Invalid character": characterWording,
  "Invalid template interpolation": { summary: "A ${ in a string is never closed", suggestion: "Add the }" },
  "Unclosed template interpolation sequence": {
    summary: "A ${ in a string is never closed",
    suggestion: "Add the }, or write $${ for a literal ${",
  },
  "Extra characters after interpolation expression": {
    summary: "A ${…} holds more than one expression",
    suggestion: "Write $${ for a literal ${",
  },
  "Unbalanced brackets": OPEN_BRACKET,
  "Unterminated tuple constructor expression": OPEN_BRACKET,
  "Unterminated object constructor expression": { summary: "An object is never closed", suggestion: "Add the }" },
  "Invalid single-argument block definition": {
    summary: "There is something behind the value in a block on one line",
    suggestion: "Put the value and the } on their own lines",
  },
  "Invalid number literal": {
    summary: "A number is not written as HCL wants it",
    suggestion: "Write digits, maybe with a point and an exponent; a text needs quotes",
  },
  "Invalid operand": NO_OPERATOR,
  "Unsupported operator": NO_OPERATOR,
  // HCL's summary for the end of the source.
  "Missing expression": ({ before }) =>
    /(?:^|[{[,])\s*$/.test(before)
      ? { summary: "A list or an object is never closed", suggestion: "Add the ] or } that is missing" }
      : { ...VALUE, summary: "A value is missing here" },
};
