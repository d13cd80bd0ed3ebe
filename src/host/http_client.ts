// An HTTP client that connects exactly as its caller decided. Deno's own client reads the environment as well: it sends
// requests to this host through HTTP_PROXY, and those for a socket past it if NO_PROXY lists localhost.

/** Names and addresses: to Deno, `*` is no address. */
const EVERYTHING = "*,0.0.0.0/0,::/0";

/** Opens a client. Without `proxy` in the options it connects directly, even if the environment names a proxy. */
export function openHttpClient(options: Deno.CreateHttpClientOptions): Deno.HttpClient {
  const before = Deno.env.get("NO_PROXY");
  // Deno reads it only at the creation of a client; no other code runs before it is restored.
  Deno.env.set("NO_PROXY", options.proxy === undefined ? EVERYTHING : "");
  try {
    return Deno.createHttpClient(options);
  } finally {
    if (before === undefined) Deno.env.delete("NO_PROXY");
    else Deno.env.set("NO_PROXY", before);
  }
}
