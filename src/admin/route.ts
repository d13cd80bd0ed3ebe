// What there is to ask: a method on a path, and what answers it. Every group of routes is a list of these.
import type { Handler } from "./connections.ts";

/** A route. */
export interface Route {
  /** HEAD is answered wherever GET is. */
  readonly method: "GET" | "POST";
  /** The whole path, without parameters. */
  readonly path: string;
  /** May reject: that is a bug. */
  readonly answer: Handler;
}
