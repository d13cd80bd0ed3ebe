// A route: a method on a path, and the handler that answers it. Every group of routes is a list of these.
import type { Handler } from "./connections.ts";

export interface Route {
  /** HEAD is answered for every GET. */
  readonly method: "GET" | "POST";
  /** The whole path, without parameters. */
  readonly path: string;
  /** May reject only for a bug. */
  readonly answer: Handler;
}
