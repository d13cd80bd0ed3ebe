// Measures the growth of the heap over a hundred readings of a source of megabytes, each with another part edited.
// Garbage is collected first, so a reader that keeps no old source alive hardly grows. It needs V8's `gc`.

const { gc } = globalThis as unknown as { gc: () => void };

/** Reads edited sources, 200 parts behind a comment of two megabytes, and returns the growth in bytes. */
export async function heapGrowthBytes(
  part: (name: string) => string,
  textOf: (longLine: string, parts: readonly string[]) => string,
  read: (text: string) => Promise<void>,
): Promise<number> {
  // It makes each source large enough to notice, and costs nothing to read.
  const longLine = "x".repeat(2 * 1024 * 1024);
  const parts = Array.from({ length: 200 }, (_, index) => part(String(1_000 + index)));
  const readEdited = async (number: number): Promise<void> => {
    parts[number % parts.length] = part(String(5_000 + number));
    // By way of bytes the text is one flat string, like one that was read from a file.
    await read(new TextDecoder().decode(new TextEncoder().encode(textOf(longLine, parts))));
  };
  for (let number = 0; number < 10; number++) await readEdited(number);
  const before = await heapBytes();
  for (let number = 10; number < 110; number++) await readEdited(number);
  return await heapBytes() - before;
}

async function heapBytes(): Promise<number> {
  gc();
  await new Promise((resolve) => setTimeout(resolve));
  gc();
  return Deno.memoryUsage().heapUsed;
}
