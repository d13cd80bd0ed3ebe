// One place that breaks a house rule, and its message.

export interface Violation {
  /** From the checkout's root. */
  readonly path: string;
  /** 1-based; 1 for the whole file. */
  readonly line: number;
  /** The violation, a comma, and the reason. */
  readonly message: string;
}
