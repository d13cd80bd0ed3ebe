// Mounts for tests, which take root and a kernel that allows them.

/** Runs mount(8) or umount(8); the reason why it failed, or null. */
export async function mounting(program: "mount" | "umount", ...args: readonly string[]): Promise<string | null> {
  try {
    const { success, stderr } = await new Deno.Command(program, { args: [...args] }).output();
    return success ? null : new TextDecoder().decode(stderr).trim();
  } catch (error) {
    return String(error);
  }
}
