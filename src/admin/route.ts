// A route: a method on a path, and the handler that answers it. Every group of routes is a list of these.
import type { ConnectionBindings } from "./connections.ts";

/** The segments of a path that a route leaves open, by their names. */
export type PathSegments = Readonly<Record<string, string>>;

export interface Route {
  /** HEAD is answered for every GET. */
  readonly method: "GET" | "POST";
  /** The whole path, without parameters. `:name` in place of a segment fits every segment. */
  readonly path: string;
  /** May reject only for a bug. `segments` is absent if the path leaves none open. */
  readonly answer: (
    request: Request,
    bindings: ConnectionBindings,
    segments?: PathSegments,
  ) => Response | Promise<Response>;
}

/** Whether a path is one of the route's. */
export function fitsPath(route: Pick<Route, "path">, path: string): boolean {
  const [wanted, given] = [route.path.split("/"), path.split("/")];
  return wanted.length === given.length &&
    wanted.every((segment, at) => segment.startsWith(":") ? given[at] !== "" : segment === given[at]);
}
