// One place that breaks a house rule, and the words for it.

/** A broken rule and its place. */
export interface Violation {
  /** From the checkout's root. */
  readonly path: string;
  /** 1-based; 1 where the whole file is meant. */
  readonly line: number;
  /** What, a comma, and why. */
  readonly message: string;
}
