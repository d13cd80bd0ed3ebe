// What the parser's process gives up before it sees a text: whoever finds a hole in the parser finds nothing behind it
// but the two pipes to the daemon.

/** All kinds of permission that Deno knows. */
const KINDS = ["read", "write", "net", "env", "run", "sys", "ffi", "import"] as const;

/** Gives up all permissions of this process, for good: without a terminal to ask on, what is not granted is refused. */
export function giveUpPermissions(): void {
  for (const name of KINDS) Deno.permissions.revokeSync({ name });
}
