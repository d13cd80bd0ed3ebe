// One place that breaks a house rule, and its message.

export interface Violation {
  /** From the checkout's root. */
  readonly path: string;
  /** 1-based; 1 for the whole file. */
  readonly line: number;
  /** What, a comma, and why. */
  readonly message: string;
}
