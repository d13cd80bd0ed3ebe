// A route of the page, behind the page's own gate.
import type { ConnectionBindings } from "../connections.ts";
import type { Route } from "../route.ts";
import type { Visit } from "./access.ts";

export interface UiRoute extends Pick<Route, "method" | "path"> {
  /** May reject only for a bug. */
  readonly answer: (request: Request, visit: Visit, bindings: ConnectionBindings) => Response | Promise<Response>;
}
