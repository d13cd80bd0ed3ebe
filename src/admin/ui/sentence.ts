// A text as a sentence of the page.

/** Adds a full stop, unless the text ends in a mark: the daemon's reasons have none, and a reason that was cut has `…`. */
export function asSentence(text: string): string {
  return /[.!?:…]$/.test(text) ? text : `${text}.`;
}
